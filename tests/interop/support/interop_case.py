"""What the tests with products share: a PKI, and a server on TCP, TLS and mutual TLS."""

import unittest

from tests.integration.support.authority import Authority
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager

MANAGERS = {'TCP': 'tcp', 'TLS': 'tls', 'mutual TLS': 'mutual-tls'}
ALICE = 'sip:alice@example.com'


class InteropCase(unittest.TestCase):
    """One server per class: managers "tcp", "tls" and "mutual-tls", each with an endpoint called
    "alice-" and its name. Subclasses have PRODUCT and version()."""
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.authority = cls.enterClassContext(Authority('ca'))
        own = cls.authority.issue('server', 'DNS:localhost,DNS:sipcm.example.com,IP:127.0.0.1')
        cls.peer_certificate = cls.authority.issue('peer', 'DNS:localhost,DNS:peer.example.com,'
                                                   'IP:127.0.0.1')
        secure = {'kind': 'SERVER_TLS', 'certificate': 'certificates/server',
                  'trust_bundle': 'trustBundles/ca',
                  'local_host_name': '127.0.0.1'}  # Products do not look into /etc/hosts.
        cls.server = cls.enterClassContext(ServerProcess({
            'certificates': [{'name': 'certificates/server', 'certificate_file': own + '.pem',
                              'private_key_file': own + '.key'}],
            'trust_bundles': [{'name': 'trustBundles/ca',
                               'certificates_file': cls.authority.certificate}],
            'connection_managers': [
                tcp_manager('tcp'), tcp_manager('tls', **secure),
                tcp_manager('mutual-tls', **secure, mutual_tls='REQUIRE',
                            allowed_domains=[{'pattern': '.example.com'}]),
                *cls.more_managers()],
            # Products that are given an address have no other name for its host.
            'endpoints': [endpoint('alice-' + name, ALICE, name, aliases=['sip:alice@127.0.0.1'])
                          for name in MANAGERS.values()]}))

    @classmethod
    def more_managers(cls):
        return []

    def address(self, transport):
        """(host, port) of a manager."""
        return self.server.sip_address(MANAGERS[transport])
