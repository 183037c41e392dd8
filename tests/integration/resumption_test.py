"""TLS sessions that a client resumes with the real server, over both of its workers."""

import socket
import ssl
import unittest

from proto.sipcm.v1 import certificates_pb2, connection_managers_pb2
from tests.integration.support.authority import Authority
from tests.integration.support.server_process import ServerProcess, tls_config
from tests.integration.support.sip_peer import request

VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
CONNECTIONS = 8  # Some of them on each worker.


def pem(base):
    """What UpdateCertificate takes of a certificate of the test's authority."""
    with open(base + '.pem', encoding='utf-8') as chain, open(base + '.key',
                                                              encoding='utf-8') as key:
        return {'certificate_pem': chain.read(), 'private_key_pem': key.read()}


class ResumptionTest(unittest.TestCase):

    def setUp(self):
        self.authority = self.enterContext(Authority())
        self.own = self.authority.issue('server', 'DNS:localhost,IP:127.0.0.1')
        self.client = self.authority.issue('client', 'DNS:sip.contoso.com')
        self.server = self.enterContext(ServerProcess(tls_config(
            self.own, self.authority, ['sip.contoso.com', 'other.contoso.com'],
            mutual_tls='REQUIRE')))

    def context(self, version):
        context = ssl.create_default_context(cafile=self.authority.certificate)
        context.load_cert_chain(self.client + '.pem', self.client + '.key')
        context.minimum_version = context.maximum_version = version
        return context

    def connect(self, context, session=None):
        """(whether it was resumed, its session); raises what refuses it."""
        raw = socket.create_connection(self.server.sip_address(), timeout=10)
        with context.wrap_socket(raw, server_hostname='localhost', session=session) as peer:
            peer.sendall(request())
            received = b''
            while b'\r\n\r\n' not in received:
                data = peer.recv(65536)
                if not data:
                    raise ConnectionError('closed without an answer')
                received += data
            self.assertTrue(received.startswith(b'SIP/2.0 480'), received)  # nobody subscribes
            return peer.session_reused, peer.session

    def test_a_client_resumes_on_any_worker(self):
        for version in VERSIONS:
            context = self.context(version)
            resumed, session = self.connect(context)
            self.assertFalse(resumed)
            for _ in range(CONNECTIONS):
                self.assertTrue(self.connect(context, session)[0], version)

    def test_a_rotated_certificate_ends_its_sessions(self):
        for version in VERSIONS:
            context = self.context(version)
            _, session = self.connect(context)
            renewed = self.authority.issue('server', 'DNS:localhost,IP:127.0.0.1')
            self.server.certificates.UpdateCertificate(
                certificates_pb2.UpdateCertificateRequest(
                    certificate={'name': 'certificates/edge', **pem(renewed)}), timeout=10)
            self.assertFalse(self.connect(context, session)[0], version)

    def test_a_removed_allowed_domain_refuses_who_offers_a_session(self):
        for version in VERSIONS:
            context = self.context(version)
            _, session = self.connect(context)
            self.server.managers.RemoveAllowedDomain(
                connection_managers_pb2.RemoveAllowedDomainRequest(
                    name='connectionManagers/edge', pattern='sip.contoso.com'), timeout=10)
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                self.connect(context, session)
            self.server.managers.AddAllowedDomain(
                connection_managers_pb2.AddAllowedDomainRequest(
                    name='connectionManagers/edge',
                    domain={'pattern': 'sip.contoso.com'}), timeout=10)
            self.assertFalse(self.connect(context, session)[0], version)


if __name__ == '__main__':
    unittest.main()
