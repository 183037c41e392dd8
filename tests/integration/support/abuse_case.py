"""The fixture of tests that abuse the server: short limits, a bystander, and a look at the end."""

import unittest

from tests.integration.support.application import Application
from tests.integration.support.authority import Authority
from tests.integration.support.bystander import Bystander
from tests.integration.support.footprint import Footprint
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager

LIMIT_SECONDS = 2.0
LIMITS = {'first_message_timeout': '2s', 'partial_message_timeout': '2s', 'handshake_timeout': '2s',
          'write_stall_timeout': '2s', 'default_incoming_connection_timeout': '2s'}


class AbuseCase(unittest.TestCase):
    """A server with a TCP manager "edge", a TLS manager "secure" with LIMITS, and a mutual-TLS
    manager "partners" for the bystander, who is answered by the application of bob. After each test
    all of his requests have been answered, and the server holds what it held before."""

    @classmethod
    def setUpClass(cls):
        cls.authority = cls.enterClassContext(Authority())
        own = cls.authority.issue('server', 'DNS:localhost,IP:127.0.0.1')
        cls.peer_certificate = cls.authority.issue('peer', 'DNS:peer.example.com')
        tls = {'kind': 'SERVER_TLS', 'certificate': 'certificates/edge'}
        cls.server = cls.enterClassContext(ServerProcess({
            'certificates': [{'name': 'certificates/edge', 'certificate_file': own + '.pem',
                              'private_key_file': own + '.key'}],
            'trust_bundles': [{'name': 'trustBundles/partners',
                               'certificates_file': cls.authority.certificate}],
            'connection_managers': [
                tcp_manager('edge', **LIMITS),
                tcp_manager('secure', **tls, **LIMITS),
                tcp_manager('partners', **tls, trust_bundle='trustBundles/partners',
                            mutual_tls='REQUIRE',
                            allowed_domains=[{'pattern': 'peer.example.com'}])],
            'endpoints': [endpoint('alice', 'sip:alice@example.com'),
                          endpoint('secure-alice', 'sip:alice@example.com', 'secure'),
                          endpoint('bob', 'sip:alice@example.com', 'partners')]}))
        cls.enterClassContext(Application(cls.server, 'bob'))

    def setUp(self):
        self.footprint = Footprint(self.server)
        self.bystander = self.enterContext(Bystander(
            self.server.sip_address('partners'), self.authority.certificate,
            self.peer_certificate))

    def tearDown(self):
        seen = self.bystander.finish()
        print('%s: bystander %s' % (self.id().rpartition('.')[2], seen), flush=True)
        self.assertGreater(seen['sent'], 0)
        self.assertEqual(seen['answered'], seen['sent'], seen)
        self.assertIsNone(self.server.process.poll(), self.server.log())
        self.doCleanups()
        self.footprint.wait_until_back()

    def assert_all_closed_at_the_limit(self, connections):
        """Within half a second of it. A loaded machine may close later, never earlier."""
        lifetimes = sorted(connection.lifetime for connection in connections)
        self.assertGreater(lifetimes[0], LIMIT_SECONDS - 0.5)
        print('%d connections closed after %.2f to %.2f s' %
              (len(lifetimes), lifetimes[0], lifetimes[-1]))
