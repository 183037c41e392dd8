"""The fixture of tests that a bystander has to come through unharmed."""

import unittest

from tests.integration.support.application import Application
from tests.integration.support.authority import Authority
from tests.integration.support.bystander import Bystander
from tests.integration.support.server_process import endpoint, tcp_manager


class BystanderCase(unittest.TestCase):
    """Whatever such a test does to a server, a legitimate peer goes on beside it, with mutual TLS
    and 50 OPTIONS a second: every one is answered, and the server never stands still meanwhile."""

    # Its p99, of some hundred requests, may be this, or so many times that of its quiet second. A
    # server that waits for anything stands still for longer; a machine with other work too delays
    # both sides by less.
    LATE_MS = 500
    LATE_FACTOR = 5

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partners = cls.enterClassContext(Authority('partners'))
        cls._own = cls.partners.issue('beside', 'DNS:localhost')
        cls._bystander = cls.partners.issue('bystander', 'DNS:bystander.example.com')

    @classmethod
    def beside(cls, config):
        """`config` and what a bystander needs: the manager "beside", whose requests the endpoint
        "bystander" gets."""
        added = {
            'certificates': [{'name': 'certificates/beside', 'certificate_file': cls._own + '.pem',
                              'private_key_file': cls._own + '.key'}],
            'trust_bundles': [{'name': 'trustBundles/beside',
                               'certificates_file': cls.partners.certificate}],
            'connection_managers': [
                tcp_manager('beside', kind='SERVER_TLS', certificate='certificates/beside',
                            trust_bundle='trustBundles/beside', mutual_tls='REQUIRE',
                            allowed_domains=[{'pattern': 'bystander.example.com'}])],
            'endpoints': [endpoint('bystander', 'sip:alice@example.com', 'beside')]}
        return {key: config.get(key, []) + added.get(key, []) for key in {**config, **added}}

    def begin_bystander(self, server):
        """One of a server whose configuration is of beside(), from now to the end of the test."""
        self.enterContext(Application(server, 'bystander'))
        self.expect_unharmed(Bystander(server.sip_address('beside'), self.partners.certificate,
                                       self._bystander))

    def expect_unharmed(self, bystander):
        """Until the end of the test."""
        self.enterContext(bystander)
        self.addCleanup(self._assert_unharmed, bystander)

    def _assert_unharmed(self, bystander):
        seen = bystander.finish()
        print('%s: bystander %s' % (self.id().rpartition('.')[2], seen), flush=True)
        self.assertEqual(seen['answered'], seen['sent'], seen)
        self.assertLessEqual(seen['p99_ms'],
                             max(self.LATE_MS, self.LATE_FACTOR * seen['quiet_p99_ms']), seen)
