"""Who may connect with mutual TLS: real certificates, presented by openssl s_client."""

import contextlib
import ssl
import subprocess
import unittest

from proto.sipcm.v1 import connection_managers_pb2, connections_pb2, peer_pb2
from tests.integration.support.application import Application
from tests.integration.support.authority import Authority
from tests.integration.support.bystander_case import BystanderCase
from tests.integration.support.server_process import ServerProcess, tls_config
from tests.integration.support.sip_peer import SipPeer, is_served, request
from tests.integration.support.waiting import wait_for

VERSIONS = ('-tls1_3', '-tls1_2')
PAST = ('20200101000000Z', '20200201000000Z')


class MutualTlsTest(BystanderCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = cls.enterClassContext(Authority())
        cls.strangers = cls.enterClassContext(Authority('stranger'))
        own = cls.authority.issue('server', 'DNS:localhost,IP:127.0.0.1')
        cls.server = cls.enterClassContext(ServerProcess(cls.beside(tls_config(
            own, cls.authority, ['sip.contoso.com', '.example.com'], mutual_tls='REQUIRE',
            extended_key_usage={'required': ['clientAuth']}))))
        cls.application = cls.enterClassContext(Application(cls.server, 'alice'))

    def connect(self, certificate, version):
        """What s_client shows: all that came, then errors and alerts."""
        host, port = self.server.sip_address()
        arguments = ['openssl', 's_client', '-connect', '%s:%d' % (host, port), '-servername',
                     'localhost', '-CAfile', self.authority.certificate, '-verify_return_error',
                     '-quiet', version]
        if certificate:
            arguments += ['-cert', certificate + '.pem', '-key', certificate + '.key']
        client = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        with client:
            # Its input stays open: it would end with it. A refused client has ended before.
            try:
                client.stdin.write(request())
                client.stdin.flush()
            except BrokenPipeError:
                pass
            received = b''
            while b'\r\n\r\n' not in received:
                data = client.stdout.read1(65536)
                if not data:
                    break
                received += data
            client.kill()
            return received.decode(), client.stderr.read().decode()

    def check_peer(self, certificate):
        with open(certificate + '.pem', encoding='utf-8') as file:
            return self.server.managers.CheckPeer(
                connection_managers_pb2.CheckPeerRequest(name='connectionManagers/edge',
                                                         certificate_pem=file.read()),
                timeout=10).verdict

    def assert_allowed(self, certificate, entry):
        for version in VERSIONS:
            received, errors = self.connect(certificate, version)
            self.assertTrue(received.startswith('SIP/2.0 200'), received + errors)
        delivered = self.application.requests()[-1]
        self.assertTrue(delivered.peer.verified)
        self.assertEqual(delivered.peer.matched_allowed_domain, entry)
        verdict = self.check_peer(certificate)
        self.assertEqual(verdict.decision, peer_pb2.PeerVerdict.ALLOWED, verdict)
        self.assertEqual(verdict.matched_allowed_domain, entry)

    def assert_refused(self, certificate, rule, alert):
        delivered = len(self.application.requests())
        for version in VERSIONS:
            received, errors = self.connect(certificate, version)
            self.assertEqual(received, '', version)
            self.assertIn(alert, errors, version)
        self.assertEqual(len(self.application.requests()), delivered)
        self.assertEqual(self.server.connection_count('edge'), 0)
        if certificate:
            verdict = self.check_peer(certificate)
            self.assertEqual(verdict.decision, peer_pb2.PeerVerdict.DENIED)
            self.assertEqual(peer_pb2.PeerVerdict.Rule.Name(verdict.rule), rule, verdict)

    def test_row_21_bad_certificates_in_numbers_harm_nobody_else(self):
        bad = ['', self.strangers.issue('bad1', 'DNS:sip.contoso.com'),
               self.authority.issue('bad2', 'DNS:sip.contoso.com', lifetime=PAST),
               self.authority.issue('bad3', 'DNS:sip.contoso.com', usage='serverAuth'),
               self.authority.issue('bad4', 'DNS:sip.evilcontoso.com')]
        good = self.authority.issue('good', 'DNS:sip.contoso.com')
        self.begin_bystander(self.server)
        for certificate in bad * 30:
            self.assertFalse(self.is_served(certificate), certificate)
        self.assertTrue(self.is_served(good))

    def is_served(self, certificate):
        return is_served(self.server.sip_address(), self.authority.certificate, certificate)

    def test_scenario_4_peer_of_an_allowed_domain_is_let_in(self):
        self.assert_allowed(self.authority.issue('a', 'DNS:sip.contoso.com'), 'sip.contoso.com')
        self.assert_allowed(self.authority.issue('b', 'DNS:x.y.example.com'), '.example.com')
        self.assert_allowed(self.authority.issue('c', 'URI:sip:edge.example.com'), '.example.com')

    def test_scenario_4_peer_without_certificate_is_refused(self):
        self.assert_refused('', 'NO_CERTIFICATE', 'alert')

    def test_scenario_4_peer_of_an_unknown_authority_is_refused(self):
        self.assert_refused(self.strangers.issue('s', 'DNS:sip.contoso.com'), 'UNTRUSTED_ISSUER',
                            'unknown ca')

    def test_scenario_4_peer_with_an_expired_certificate_is_refused(self):
        old = self.authority.issue('old', 'DNS:sip.contoso.com',
                                   lifetime=PAST)
        self.assert_refused(old, 'CERTIFICATE_EXPIRED', 'certificate expired')

    def test_scenario_4_peer_whose_time_has_not_come_is_refused(self):
        young = self.authority.issue('young', 'DNS:sip.contoso.com',
                                     lifetime=('20400101000000Z', '20400201000000Z'))
        self.assert_refused(young, 'CERTIFICATE_NOT_YET_VALID', 'alert')

    def test_scenario_4_peer_without_the_extended_key_usage_is_refused(self):
        server_only = self.authority.issue('so', 'DNS:sip.contoso.com', usage='serverAuth')
        self.assert_refused(server_only, 'EXTENDED_KEY_USAGE', 'alert')

    def test_scenario_4_certificate_without_extended_key_usages_is_unrestricted(self):
        self.assert_allowed(self.authority.issue('free', 'DNS:sip.contoso.com', usage=''),
                            'sip.contoso.com')

    def test_scenario_4_peer_of_another_domain_is_refused(self):
        for name in ('DNS:sip.evilcontoso.com', 'DNS:contoso.com', 'DNS:example.com',
                     'DNS:evilexample.com', 'DNS:sip.contoso.com.evil.org'):
            self.assert_refused(self.authority.issue('other', name), 'NOT_IN_ALLOWED_DOMAINS',
                                'alert')

    def test_scenario_4_wildcard_names_count_as_none(self):
        self.assert_refused(self.authority.issue('w_', 'DNS:*.example.com'), 'NO_USABLE_NAME',
                            'alert')

    def test_scenario_4_subject_and_sip_uris_without_user_are_names(self):
        self.assert_allowed(self.authority.issue('sip.contoso.com', ''), 'sip.contoso.com')
        self.assert_allowed(self.authority.issue('u1', 'URI:sips:sip.contoso.com'),
                            'sip.contoso.com')
        self.assert_refused(self.authority.issue('u2_', 'URI:sip:alice@sip.contoso.com'),
                            'NO_USABLE_NAME', 'alert')
        self.assert_refused(self.authority.issue('u3_', 'URI:https://sip.contoso.com'),
                            'NO_USABLE_NAME', 'alert')

    def test_scenario_4_names_are_compared_without_case_and_last_dot(self):
        self.assert_allowed(self.authority.issue('case_', 'DNS:SIP.Contoso.COM'), 'sip.contoso.com')
        self.assert_allowed(self.authority.issue('dot_', 'DNS:sip.contoso.com.'), 'sip.contoso.com')

    def test_scenario_4_an_ip_entry_matches_an_ip_name_alone(self):
        with self.entry('192.0.2.7'):
            self.assert_allowed(self.authority.issue('ip_', 'IP:192.0.2.7'), '192.0.2.7')
            self.assert_refused(self.authority.issue('text_', 'DNS:192.0.2.7'), 'NO_USABLE_NAME',
                                'alert')

    def test_scenario_4_an_international_name_is_compared_in_ascii(self):
        with self.entry('bücher.example.org'):
            self.assert_allowed(self.authority.issue('idn_', 'DNS:xn--bcher-kva.example.org'),
                                'xn--bcher-kva.example.org')

    def test_scenario_4_rfc_5922_looks_at_the_subject_only_without_other_names(self):
        both = self.authority.issue('sip.contoso.com', 'DNS:other.org')
        self.assert_allowed(both, 'sip.contoso.com')
        self.update(name_check='RFC5922')
        try:
            self.assert_refused(both, 'NOT_IN_ALLOWED_DOMAINS', 'alert')
            self.assert_allowed(self.authority.issue('sip.contoso.com', ''), 'sip.contoso.com')
        finally:
            self.update(name_check='SUBJECT_AND_ALTERNATIVE')

    def test_scenario_4_an_edit_while_listening_affects_only_later_accepts(self):
        certificate = self.authority.issue('early', 'DNS:early.org')
        tls = ssl.create_default_context(cafile=self.authority.certificate)
        tls.load_cert_chain(certificate + '.pem', certificate + '.key')
        with self.entry('early.org'):
            early = self.enterContext(SipPeer(self.server.sip_address(), tls=tls))
            early.send(request())
            self.assertEqual(early.read().status, 200)
        early.send(request())
        self.assertEqual(early.read().status, 200)
        early.close()
        wait_for(lambda: self.server.connection_count() == 0, 'no connections')
        self.assert_refused(certificate, 'NOT_IN_ALLOWED_DOMAINS', 'alert')

    def update(self, **settings):
        self.server.managers.UpdateConnectionManager(
            connection_managers_pb2.UpdateConnectionManagerRequest(
                connection_manager={'name': 'connectionManagers/edge', **settings}), timeout=10)

    @contextlib.contextmanager
    def entry(self, pattern):
        """In force meanwhile."""
        self.server.managers.AddAllowedDomain(
            connection_managers_pb2.AddAllowedDomainRequest(
                name='connectionManagers/edge', domain={'pattern': pattern}), timeout=10)
        try:
            yield
        finally:
            self.server.managers.RemoveAllowedDomain(
                connection_managers_pb2.RemoveAllowedDomainRequest(
                    name='connectionManagers/edge', pattern=pattern), timeout=10)

    def test_scenario_4_removed_entry_closes_its_connections_when_asked_to(self):
        self.server.managers.AddAllowedDomain(
            connection_managers_pb2.AddAllowedDomainRequest(
                name='connectionManagers/edge', domain={'pattern': 'temporary.org'}), timeout=10)
        certificate = self.authority.issue('t', 'DNS:temporary.org')
        host, port = self.server.sip_address()
        client = subprocess.Popen(
            ['openssl', 's_client', '-connect', '%s:%d' % (host, port), '-cert',
             certificate + '.pem', '-key', certificate + '.key', '-quiet'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        with client:
            client.stdin.write(request())
            client.stdin.flush()
            self.assertTrue(client.stdout.read1(65536).startswith(b'SIP/2.0 200'))
            connections = self.server.connections.ListConnections(
                connections_pb2.ListConnectionsRequest(), timeout=10).connections
            self.assertEqual([c.peer.matched_allowed_domain for c in connections],
                             ['temporary.org'])
            removed = self.server.managers.RemoveAllowedDomain(
                connection_managers_pb2.RemoveAllowedDomainRequest(
                    name='connectionManagers/edge', pattern='temporary.org',
                    close_connections=True), timeout=10)
            self.assertTrue(removed.removed)
            self.assertEqual(removed.closed_connection_count, 1)
            self.assertEqual(client.stdout.read(), b'')  # Ends.
            client.kill()


if __name__ == '__main__':
    unittest.main()
