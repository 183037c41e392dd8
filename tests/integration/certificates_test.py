"""Certificates and trust bundles: sources, rotation under load, SNI, and keys that stay inside."""

import hashlib
import os
import ssl
import subprocess
import threading
import unittest

import grpc

from proto.sipcm.v1 import (admin_pb2, certificate_pb2, certificates_pb2,
                            connection_managers_pb2, connections_pb2, endpoints_pb2,
                            trust_bundle_pb2)
from tests.integration.support.application import Application
from tests.integration.support.authority import Authority
from tests.integration.support.bystander import Bystander
from tests.integration.support.bystander_case import BystanderCase
from tests.integration.support.footprint import Footprint
from tests.integration.support.registrar import Registrar
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager
from tests.integration.support.sip_peer import SipPeer, is_served, request
from tests.integration.support.waiting import wait_for

State = certificate_pb2.Certificate.State


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def pem(base):
    """What UpdateCertificate takes of a certificate of the test's authority."""
    return {'certificate_pem': read(base + '.pem'), 'private_key_pem': read(base + '.key')}


def fingerprint(base):
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(read(base + '.pem'))).digest()


class CertificatesTest(BystanderCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = cls.enterClassContext(Authority())
        cls.names = 'DNS:localhost,IP:127.0.0.1'
        cls.first = cls.authority.issue('first', cls.names)
        cls.second = cls.authority.issue('second', cls.names)
        cls.peer = cls.authority.issue('peer', 'DNS:peer.example.com')
        cls.contoso = cls.authority.issue('contoso', 'DNS:contoso.com')
        cls.others = cls.enterClassContext(Authority('others'))
        cls.stranger = cls.others.issue('stranger', 'DNS:stranger.example.com')

    def setUp(self):
        self.server = self.enterContext(ServerProcess(self.beside({
            'certificates': [{'name': 'certificates/edge', **pem(self.first)}],
            'trust_bundles': [{'name': 'trustBundles/partners',
                               'certificates_pem': read(self.authority.certificate)}],
            'connection_managers': [
                tcp_manager('edge', kind='SERVER_TLS', certificate='certificates/edge',
                            trust_bundle='trustBundles/partners', mutual_tls='REQUIRE',
                            allowed_domains=[{'pattern': '.example.com'}])],
            'endpoints': [endpoint('alice', 'sip:alice@example.com')]})))
        self.application = self.enterContext(Application(self.server, 'alice'))
        self.address = self.server.sip_address()

    def connect(self, name='localhost'):
        context = ssl.create_default_context(cafile=self.authority.certificate)
        context.load_cert_chain(self.peer + '.pem', self.peer + '.key')
        return SipPeer(self.address, tls=context, server_hostname=name)

    def answered(self, peer):
        peer.send(request())
        response = peer.read()
        return response is not None and response.status == 200

    def is_served(self, client):
        return is_served(self.address, self.authority.certificate, client)

    def presented(self, name='localhost'):
        """SHA-256 of the certificate that the server presents now."""
        with self.connect(name) as peer:
            self.assertTrue(self.answered(peer))
            return hashlib.sha256(peer.certificate()).digest()

    def update(self, base=None, old='KEEP', **fields):
        return self.server.certificates.UpdateCertificate(
            certificates_pb2.UpdateCertificateRequest(
                certificate={'name': 'certificates/edge', **(pem(base) if base else {}), **fields},
                old_connections=old), timeout=10)

    def get(self):
        return self.server.certificates.GetCertificate(
            certificates_pb2.GetCertificateRequest(name='certificates/edge'), timeout=10)

    def update_bundle(self, old='KEEP', **fields):
        self.server.certificates.UpdateTrustBundle(
            certificates_pb2.UpdateTrustBundleRequest(
                trust_bundle={'name': 'trustBundles/partners', **fields}, old_connections=old),
            timeout=10)

    def assert_refused(self, word, change):
        """A change that is no good says which field."""
        with self.assertRaises(grpc.RpcError) as refused:
            change()
        self.assertEqual(refused.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertIn(word, refused.exception.details())

    def versions(self, parent='connectionManagers/-'):
        listed = self.server.connections.ListConnections(
            connections_pb2.ListConnectionsRequest(parent=parent, page_size=1000),
            timeout=10).connections
        return sorted(connection.certificate_version for connection in listed)

    def test_scenario_8_a_thousand_rotations_under_a_storm_of_handshakes_fail_no_accept_and_leave_no_memory(
            self):
        self.expect_unharmed(Bystander(self.address, self.authority.certificate, self.peer))
        over = threading.Event()
        handshakes, failures = [], []

        def storm():
            while not over.is_set():
                try:
                    with self.connect() as peer:
                        if not self.answered(peer):
                            failures.append('no answer')
                    handshakes.append(1)
                except OSError as error:
                    failures.append(error)

        threads = [threading.Thread(target=storm) for _ in range(4)]
        for thread in threads:
            thread.start()
        footprint = Footprint(self.server)
        resident = 0
        for i in range(1, 1001):
            self.update(self.second if i % 2 else self.first)
            if i == 200:
                resident = footprint.resident_bytes()
        grown = footprint.resident_bytes() - resident
        over.set()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertGreater(len(handshakes), 100)
        self.assertTrue(self.get().version.endswith('-1001'), self.get().version)
        self.assertEqual(self.presented(), fingerprint(self.first))
        # 800 leaked contexts alone would be over 5 MB.
        self.assertLess(grown, 3 << 20)
        print('1,000 rotations: %d handshakes, RSS %+d bytes over the last 800' %
              (len(handshakes), grown))

    def test_changes_under_500_live_connections_drop_none_and_reach_the_next_handshake(self):
        """reliability.md row 22."""
        self.begin_bystander(self.server)
        peers = [self.enterContext(self.connect()) for _ in range(500)]
        self.assertFalse(self.is_served(self.stranger))
        self.assertFalse(self.is_served(self.contoso))
        self.update(self.second)
        self.update_bundle(certificates_pem=read(self.authority.certificate) +
                           read(self.others.certificate))
        self.server.managers.AddAllowedDomain(connection_managers_pb2.AddAllowedDomainRequest(
            name='connectionManagers/edge', domain={'pattern': 'contoso.com'}), timeout=10)
        self.assert_the_new_is_in_force()
        junk = '-----BEGIN %s-----\njunk'
        self.assert_refused('certificate_pem',
                            lambda: self.update(certificate_pem=junk % 'CERTIFICATE'))
        self.assert_refused('certificates_pem',
                            lambda: self.update_bundle(certificates_pem=junk % 'CERTIFICATE'))
        self.assert_refused('crls_pem', lambda: self.update_bundle(crls_pem=junk % 'X509 CRL'))
        self.assert_the_new_is_in_force()
        for peer in peers:
            self.assertTrue(self.answered(peer))
        wait_for(lambda: len(self.versions('connectionManagers/edge')) == 500, 'none but the 500')
        self.assertEqual(len(set(self.versions('connectionManagers/edge'))), 1)  # the first

    def assert_the_new_is_in_force(self):
        self.assertEqual(self.presented(), fingerprint(self.second))
        self.assertTrue(self.is_served(self.stranger))
        self.assertTrue(self.is_served(self.contoso))

    def test_old_connections_tell_their_version_and_are_kept_drained_or_closed(self):
        old = self.enterContext(self.connect())
        self.assertTrue(self.answered(old))
        before = self.get().version
        after = self.update(self.second).version
        new = self.enterContext(self.connect())
        self.assertTrue(self.answered(new) and self.answered(old))
        self.assertEqual(self.versions(),
                         sorted(['certificates/edge@' + before, 'certificates/edge@' + after]))
        # The same content again: no new version, but the old one's connections end.
        self.assertEqual(self.update(self.second, old='CLOSE').version, after)
        wait_for(lambda: self.versions() == ['certificates/edge@' + after], 'old one closed')
        self.assertTrue(self.answered(new))
        self.update(self.first, old='DRAIN')
        wait_for(lambda: self.versions() == [], 'idle one drained')
        self.assertIn('reason=certificate_rotated', self.server.log())

    def test_a_trust_bundles_crl_counts_from_the_next_handshake_on(self):
        old = self.enterContext(self.connect())
        self.assertTrue(self.answered(old))
        self.update_bundle(crls_pem=self.authority.crl([self.peer]), old='CLOSE')
        wait_for(lambda: self.versions() == [], 'the connection of the old bundle')
        self.assertFalse(self.is_served(self.peer))
        bundle = self.server.certificates.GetTrustBundle(
            certificates_pb2.GetTrustBundleRequest(name='trustBundles/partners'), timeout=10)
        self.assertEqual(bundle.crl_check, trust_bundle_pb2.TrustBundle.LEAF)
        self.assertEqual(bundle.crl_count, 1)

    def test_the_name_that_is_asked_for_chooses_the_certificate(self):
        for name, alternatives in (('exact', 'DNS:a.example.net'), ('wild', 'DNS:*.example.net')):
            setattr(self, name, self.authority.issue(name, alternatives))
            self.server.certificates.CreateCertificate(
                certificates_pb2.CreateCertificateRequest(
                    certificate_id=name, certificate=pem(getattr(self, name))), timeout=10)
        self.server.managers.UpdateConnectionManager(
            connection_managers_pb2.UpdateConnectionManagerRequest(connection_manager={
                'name': 'connectionManagers/edge',
                'additional_certificates': ['certificates/wild', 'certificates/exact']}),
            timeout=10)
        self.assertEqual(self.presented('a.example.net'), fingerprint(self.exact))
        self.assertEqual(self.presented('b.example.net'), fingerprint(self.wild))
        self.assertEqual(self.presented('localhost'), fingerprint(self.first))
        with self.assertRaises(ssl.SSLCertVerificationError):  # gets the default one
            self.connect('a.b.example.net')

    def test_a_client_manager_presents_its_certificate(self):
        self.server.managers.CreateConnectionManager(
            connection_managers_pb2.CreateConnectionManagerRequest(
                connection_manager_id='phone', connection_manager={
                    'kind': 'CLIENT', 'certificate': 'certificates/edge',
                    'trust_bundle': 'trustBundles/partners'}), timeout=10)
        self.assertEqual(list(self.get().connection_managers),
                         ['connectionManagers/edge', 'connectionManagers/phone'])
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=self.authority.certificate)
        tls.load_cert_chain(self.second + '.pem', self.second + '.key')
        tls.verify_mode = ssl.CERT_REQUIRED
        registrar = self.enterContext(Registrar(tls=tls))
        self.server.endpoints.CreateEndpoint(
            endpoints_pb2.CreateEndpointRequest(endpoint_id='phone', endpoint={
                'kind': 'REGISTERED', 'address': 'sip:phone@example.com',
                'connection_manager': 'connectionManagers/phone',
                'registration': {'registrar': registrar.uri}}), timeout=10)
        registrar.wait_for_registers(1)
        self.assertEqual([hashlib.sha256(shown).digest() for shown in registrar.certificates()],
                         [fingerprint(self.first)])
        self.assertEqual(self.versions(), ['certificates/edge@' + self.get().version])

    def test_pkcs12_is_taken_with_its_password(self):
        made = subprocess.run(
            ['openssl', 'pkcs12', '-export', '-inkey', self.second + '.key', '-in',
             self.second + '.pem', '-certfile', self.authority.certificate, '-passout',
             'pass:secret'], stdout=subprocess.PIPE, check=True).stdout
        with self.assertRaises(grpc.RpcError) as refused:
            self.update(pkcs12=made, pkcs12_password='Secret')
        self.assertIn('pkcs12_password', refused.exception.details())
        self.assertEqual(self.presented(), fingerprint(self.first))
        self.update(pkcs12=made, pkcs12_password='secret')
        self.assertEqual(self.presented(), fingerprint(self.second))

    def test_watched_files_are_taken_when_a_link_is_swapped_and_kept_when_they_are_broken(self):
        folder = self.server.path('mount')
        os.mkdir(folder)

        def mount(version, base):  # as Kubernetes does
            os.mkdir(os.path.join(folder, version))
            for source, name in (('.pem', 'tls.crt'), ('.key', 'tls.key')):
                os.symlink(base + source, os.path.join(folder, version, name))
            os.symlink(version, os.path.join(folder, '..new'))
            os.rename(os.path.join(folder, '..new'), os.path.join(folder, '..data'))

        mount('..1', self.first)
        for name in ('tls.crt', 'tls.key'):
            os.symlink(os.path.join('..data', name), os.path.join(folder, name))
        self.update(certificate_file=os.path.join(folder, 'tls.crt'),
                    private_key_file=os.path.join(folder, 'tls.key'))
        mount('..2', self.second)
        wait_for(lambda: self.get().fingerprint == fingerprint(self.second), 'the new files')
        self.assertEqual(self.presented(), fingerprint(self.second))

        stray = self.server.path('stray')
        with open(stray + '.pem', 'w', encoding='utf-8') as file:
            file.write('-----BEGIN CERTIFICATE-----\nno\n')
        os.symlink(self.first + '.key', stray + '.key')
        mount('..3', stray)
        wait_for(lambda: self.get().state == State.RELOAD_FAILED, 'the failure')
        self.assertIn('certificate_file', self.get().state_reason)
        self.assertEqual(self.presented(), fingerprint(self.second))
        self.assertIn('certificate_reload_failed', self.server.log())
        self.assertIn('sipcm_certificates{state="reload_failed"} 1\n',
                      self.server.http('/metrics')[1])
        mount('..4', self.first)
        wait_for(lambda: self.get().fingerprint == fingerprint(self.first), 'the repair')
        self.assertNotEqual(self.get().state, State.RELOAD_FAILED)

    def test_a_private_key_comes_out_nowhere(self):
        self.update(self.second)
        secrets = []
        for base in (self.first, self.second):
            lines = read(base + '.key').splitlines()
            # Of the 32 secret bytes 12 end the first line of a P-256 key and 20 begin the second;
            # what follows is the public key, which a certificate shows too.
            secrets += [lines[1][-16:], lines[2][:24]]
        combined = read(self.second + '.key') + read(self.second + '.pem')
        seen = [str(self.update(self.second, certificate_pem=combined))]
        seen.append(str(self.get()))
        seen.append(str(self.server.certificates.ListCertificates(
            certificates_pb2.ListCertificatesRequest(), timeout=10)))
        seen.append(str(self.server.managers.ListConnectionManagers(
            connection_managers_pb2.ListConnectionManagersRequest(), timeout=10)))
        seen.append(str(self.server.admin.ExportConfig(admin_pb2.ExportConfigRequest(),
                                                       timeout=10)))
        for broken in (read(self.second + '.key'), combined[:-200]):
            with self.assertRaises(grpc.RpcError) as refused:
                self.update(certificate_pem=broken, private_key_pem=combined)
            seen.append(str(refused.exception))
        seen.append(self.server.log())
        seen.append(self.server.http('/metrics')[1])
        for text in seen:
            for secret in secrets:
                self.assertNotIn(secret, text)
            self.assertNotIn('BEGIN PRIVATE KEY', text)


if __name__ == '__main__':
    unittest.main()
