"""Revocation lists that are large, stale or missing (reliability.md, row 24)."""

import datetime
import time
import unittest

from proto.sipcm.v1 import certificates_pb2, connection_managers_pb2, peer_pb2, trust_bundle_pb2
from tests.integration.support.application import Application
from tests.integration.support.authority import Authority
from tests.integration.support.bystander_case import BystanderCase
from tests.integration.support.server_process import ServerProcess, tls_config
from tests.integration.support.sip_peer import is_served
from tests.integration.support.waiting import wait_for
from tests.integration.support.watcher import CHANGES_ONLY, Watcher

PAST = ('20200101000000Z', '20200201000000Z')


class CrlTest(BystanderCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = cls.enterClassContext(Authority())
        cls.own = cls.authority.issue('server', 'DNS:localhost,IP:127.0.0.1')
        cls.good = cls.authority.issue('good', 'DNS:good.example.com')
        cls.bad = cls.authority.issue('bad', 'DNS:bad.example.com')

    def start(self, **bundle):
        """A server with mutual TLS that judges by that trust bundle; the seconds that it took."""
        begin = time.monotonic()
        self.server = self.enterContext(ServerProcess(self.beside(tls_config(
            self.own, self.authority, ['.example.com'], bundle, mutual_tls='REQUIRE'))))
        taken = time.monotonic() - begin
        self.enterContext(Application(self.server, 'alice'))
        self.begin_bystander(self.server)
        return taken

    def crls_file(self, text):
        path = self.authority.certificate + '.crl'
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return path

    def is_served(self, certificate):
        return is_served(self.server.sip_address(), self.authority.certificate, certificate)

    def rule(self, certificate):
        """Which one CheckPeer says refuses."""
        with open(certificate + '.pem', encoding='utf-8') as file:
            verdict = self.server.managers.CheckPeer(
                connection_managers_pb2.CheckPeerRequest(name='connectionManagers/edge',
                                                         certificate_pem=file.read()),
                timeout=10).verdict
        return peer_pb2.PeerVerdict.Rule.Name(verdict.rule)

    def bundle(self):
        return self.server.certificates.GetTrustBundle(
            certificates_pb2.GetTrustBundleRequest(name='trustBundles/partners'), timeout=10)

    def test_row_24_ten_megabytes_are_taken_at_the_start_and_obeyed(self):
        crl = self.authority.crl([self.bad], strangers=200_000)
        self.assertGreater(len(crl), 10_000_000)
        taken = self.start(crls_file=self.crls_file(crl))
        print('started with a CRL of %.1f MB in %.2f s' % (len(crl) / 1e6, taken))
        self.assertLess(taken, 2)
        self.assertTrue(self.is_served(self.good))
        self.assertFalse(self.is_served(self.bad))
        self.assertEqual(self.rule(self.bad), 'CERTIFICATE_REVOKED')

    def test_row_24_a_stale_list_refuses_unless_it_is_to_be_used_all_the_same(self):
        stale = self.crls_file(self.authority.crl([self.bad], lifetime=PAST))
        self.start(crls_file=stale)
        self.assertFalse(self.is_served(self.good))
        self.assertEqual(self.rule(self.good), 'CRL_UNUSABLE')
        self.assertEqual(self.bundle().state, trust_bundle_pb2.TrustBundle.EXPIRED)
        self.assertIn('peers that need it are refused', self.bundle().state_reason)
        self.start(crls_file=stale, stale_crl='ACCEPT')
        self.assertTrue(self.is_served(self.good))
        self.assertEqual(self.rule(self.bad), 'CERTIFICATE_REVOKED')
        self.assertIn('used all the same', self.bundle().state_reason)

    def test_a_list_that_was_to_be_replaced_is_told(self):
        self.start(crls_file=self.crls_file(self.authority.crl([], lifetime=PAST)))
        wait_for(lambda: ' warning trust_bundle_expiring name=trustBundles/partners ' in
                 self.server.log(), 'line of the log')
        end = datetime.datetime(2020, 2, 1, tzinfo=datetime.timezone.utc).timestamp()
        self.assertIn('sipcm_trust_bundle_earliest_crl_next_update_time_seconds %d\n' % end,
                      self.server.http('/metrics')[1])
        with Watcher(self.server, kinds=['TRUST_BUNDLE_EXPIRING'], start=CHANGES_ONLY) as watcher:
            self.crls_file(self.authority.crl([self.bad], lifetime=PAST))
            told = watcher.wait_for('TRUST_BUNDLE_EXPIRING', 'trustBundles/partners')
        self.assertIn('peers that need it are refused', told.explanation)

    def test_row_24_a_missing_list_that_is_wanted_refuses(self):
        self.start(crl_check='LEAF')
        self.assertFalse(self.is_served(self.good))
        self.assertEqual(self.rule(self.good), 'CRL_UNUSABLE')


if __name__ == '__main__':
    unittest.main()
