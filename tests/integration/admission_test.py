"""Who may connect with mutual TLS, as the API edits it while peers come and go."""

import concurrent.futures
import datetime
import ssl
import threading
import unittest

import grpc
from google.protobuf import timestamp_pb2

from proto.sipcm.v1 import (allowed_domain_pb2, connection_manager_pb2, connection_managers_pb2,
                            peer_pb2, send_pb2, sip_pb2, types_pb2)
from tests.integration.support.authority import Authority
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager
from tests.integration.support.sip_listener import SipListener
from tests.integration.support.sip_peer import SipPeer, request
from tests.integration.support.waiting import wait_for

NAME = 'connectionManagers/edge'
AUTO = allowed_domain_pb2.AllowedDomain.AUTO


class AdmissionTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.authority = cls.enterClassContext(Authority())
        cls.partners = cls.enterClassContext(Authority('partner'))
        cls.own = cls.authority.issue('own', 'DNS:localhost,IP:127.0.0.1')
        cls.names = {}

    def setUp(self):
        with open(self.authority.certificate, encoding='utf-8') as one, \
                open(self.partners.certificate, encoding='utf-8') as other:
            both = one.read() + other.read()
        self.server = self.enterContext(ServerProcess({
            'certificates': [{'name': 'certificates/edge', 'certificate_file': self.own + '.pem',
                              'private_key_file': self.own + '.key'}],
            'trust_bundles': [
                {'name': 'trustBundles/all', 'certificates_pem': both},
                {'name': 'trustBundles/partners',
                 'certificates_file': self.partners.certificate}],
            'connection_managers': [
                tcp_manager('edge', kind='SERVER_TLS', certificate='certificates/edge',
                            trust_bundle='trustBundles/all', mutual_tls='REQUIRE',
                            allowed_domains=[{'pattern': '.contoso.com'},
                                             {'pattern': 'a.contoso.com'}])],
            'endpoints': [endpoint('alice', 'sip:alice@example.com')]}))

    def certificate(self, name, authority=None):
        """Issued once for all tests."""
        authority = authority or self.authority
        key = (authority.name, name)
        if key not in self.names:
            self.names[key] = authority.issue('%d' % len(self.names), 'DNS:' + name)
        return self.names[key]

    def connect(self, name, authority=None):
        """A peer that was let in, or None."""
        tls = ssl.create_default_context(cafile=self.authority.certificate)
        base = self.certificate(name, authority)
        tls.load_cert_chain(base + '.pem', base + '.key')
        try:
            peer = SipPeer(self.server.sip_address(), tls=tls)
        except OSError:
            return None
        self.addCleanup(peer.close)
        peer.send(request())
        return peer if peer.read() is not None else None

    def check(self, name, authority=None, at=None):
        with open(self.certificate(name, authority) + '.pem', encoding='utf-8') as file:
            query = connection_managers_pb2.CheckPeerRequest(name=NAME,
                                                             certificate_pem=file.read())
        if at is not None:
            query.at_time.FromDatetime(at)
        return self.server.managers.CheckPeer(query, timeout=10).verdict

    def get(self):
        return self.server.managers.GetConnectionManager(
            connection_managers_pb2.GetConnectionManagerRequest(name=NAME), timeout=10)

    def patterns(self, origin=None):
        return [domain.pattern for domain in self.get().allowed_domains
                if origin is None or domain.origin == origin]

    def add(self, pattern, etag='', expire_time=None, **entry):
        if expire_time is not None:
            entry['expire_time'] = timestamp_pb2.Timestamp()
            entry['expire_time'].FromDatetime(expire_time)
        return self.server.managers.AddAllowedDomain(
            connection_managers_pb2.AddAllowedDomainRequest(
                name=NAME, etag=etag,
                domain=allowed_domain_pb2.AllowedDomain(pattern=pattern, **entry)), timeout=30)

    def remove(self, pattern, close=False, etag=''):
        return self.server.managers.RemoveAllowedDomain(
            connection_managers_pb2.RemoveAllowedDomainRequest(
                name=NAME, pattern=pattern, close_connections=close, etag=etag), timeout=30)

    def update(self, paths, close=False, etag='', **settings):
        update = connection_managers_pb2.UpdateConnectionManagerRequest(
            connection_manager=connection_manager_pb2.ConnectionManager(name=NAME, etag=etag,
                                                                        **settings),
            close_connections=close)
        update.update_mask.paths.extend(paths)
        return self.server.managers.UpdateConnectionManager(update, timeout=10)

    def test_removal_closes_those_that_no_other_entry_covers(self):
        covered = self.connect('a.contoso.com')
        alone = self.connect('b.contoso.com')
        removed = self.remove('.contoso.com', close=True)
        self.assertTrue(removed.removed)
        self.assertEqual(removed.closed_connection_count, 1)
        self.assertTrue(alone.wait_until_closed())
        covered.send(request())
        self.assertIsNotNone(covered.read())
        self.assertIsNone(self.connect('b.contoso.com'))
        wait_for(lambda: 'reason=domain_removed' in self.server.log(), 'line of the closing')

    def test_update_that_takes_entries_out_closes_on_request(self):
        spared = self.connect('b.contoso.com')
        self.update(['allowed_domains'], allowed_domains=[{'pattern': 'x.org'},
                                                          {'pattern': '.contoso.com'}])
        self.update(['allowed_domains'], allowed_domains=[{'pattern': 'x.org'}])
        spared.send(request())
        self.assertIsNotNone(spared.read())
        self.update(['allowed_domains'], allowed_domains=[{'pattern': '.contoso.com'}])
        self.update(['allowed_domains'], close=True, allowed_domains=[{'pattern': 'x.org'}])
        self.assertTrue(spared.wait_until_closed())

    def test_entry_with_an_end_holds_until_then(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        with self.assertRaises(grpc.RpcError) as refused:
            self.add('late.org', expire_time=now - datetime.timedelta(seconds=1))
        self.assertEqual(refused.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertIn('domain.expire_time: %s' % now.strftime('%Y-'), refused.exception.details())
        self.assertIn('is not later than now', refused.exception.details())
        self.add('late.org', expire_time=now + datetime.timedelta(hours=1))
        self.assertIsNotNone(self.connect('late.org'))
        before = self.check('late.org', at=now + datetime.timedelta(minutes=59))
        self.assertEqual(before.matched_allowed_domain, 'late.org')
        after = self.check('late.org', at=now + datetime.timedelta(minutes=61))
        self.assertEqual(after.rule, peer_pb2.PeerVerdict.NOT_IN_ALLOWED_DOMAINS)
        self.add('soon.org', expire_time=datetime.datetime.now(datetime.timezone.utc) +
                 datetime.timedelta(seconds=2))
        peer = self.connect('soon.org')
        wait_for(lambda: self.check('soon.org').decision == peer_pb2.PeerVerdict.DENIED,
                 'end of the entry')
        self.assertIsNone(self.connect('soon.org'))
        peer.send(request())
        self.assertIsNotNone(peer.read())  # It stays.
        self.add('another.org')  # An edit takes it out.
        self.assertNotIn('soon.org', self.patterns())
        self.assertIn('late.org', self.patterns())

    def test_entry_that_is_bound_to_a_trust_bundle_wants_its_issuers(self):
        self.add('p.org', trust_bundle='trustBundles/partners')
        self.assertIsNone(self.connect('p.org'))
        self.assertIsNotNone(self.connect('p.org', self.partners))
        self.assertEqual(self.check('p.org').rule, peer_pb2.PeerVerdict.ALLOWED_DOMAIN_ISSUER)
        self.assertEqual(self.check('p.org', self.partners).matched_allowed_domain, 'p.org')
        with self.assertRaises(grpc.RpcError) as refused:
            self.add('q.org', trust_bundle='trustBundles/none')
        self.assertEqual(refused.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)

    def test_mutual_tls_off_keeps_the_list_and_says_so(self):
        self.update(['mutual_tls'], mutual_tls='OFF')
        manager = self.get()
        self.assertEqual(self.patterns(), ['.contoso.com', 'a.contoso.com'])
        self.assertTrue(any('not consulted' in warning for warning in manager.warnings))
        wait_for(lambda: [line for line in self.server.log().splitlines()
                          if ' manager_warning ' in line and 'not consulted' in line],
                 'line of the warning')
        self.assertIsNotNone(self.connect('stranger.org'))
        self.update(['mutual_tls'], mutual_tls='REQUIRE')
        self.assertIsNone(self.connect('stranger.org'))
        self.assertIsNotNone(self.connect('a.contoso.com'))

    def test_any_domain_is_a_warning_in_state_log_and_metric_until_the_first_entry(self):
        def warning_count():
            return int(next(line for line in self.server.http('/metrics')[1].splitlines()
                            if line.startswith('sipcm_connection_manager_warnings ')).split()[1])

        others = warning_count()
        open_to_all = self.update(['allowed_domains', 'allow_any_domain'], allow_any_domain=True)
        self.assertEqual(1, sum('allow_any_domain' in warning for warning in open_to_all.warnings))
        self.assertEqual(warning_count(), others + 1)
        wait_for(lambda: any(' manager_warning ' in line and 'allow_any_domain' in line
                             for line in self.server.log().splitlines()), 'line of the warning')
        self.assertIsNotNone(self.connect('evil.org'))
        closed_again = self.add('contoso.com').connection_manager
        self.assertFalse(any('allow_any_domain' in warning for warning in closed_again.warnings))
        self.assertEqual(warning_count(), others)
        self.assertIsNone(self.connect('evil.org'))

    def test_without_mutual_tls_the_dry_run_lets_in_whom_the_handshake_does(self):
        self.assertEqual(self.check('evil.org').decision, peer_pb2.PeerVerdict.DENIED)
        self.update(['mutual_tls'], mutual_tls='OFF')
        verdict = self.check('evil.org')
        self.assertEqual(verdict.decision, peer_pb2.PeerVerdict.ALLOWED)
        self.assertIn('mutual_tls is OFF', verdict.explanation)
        self.assertIsNotNone(self.connect('evil.org'))

    def test_refused_handshakes_are_one_line_each_with_the_whole_story(self):
        self.assertIsNone(self.connect('evil.org'))
        wait_for(lambda: 'tls_refused' in self.server.log(), 'line of the refusal')
        lines = [line for line in self.server.log().splitlines() if ' tls_refused ' in line]
        self.assertEqual(len(lines), 1)
        for part in ('manager=edge', 'server_name=localhost', 'rule=NOT_IN_ALLOWED_DOMAINS',
                     'alert=certificate_unknown', 'evil.org', 'remote=127.0.0.1:'):
            self.assertIn(part, lines[0])

    def listen(self, name, asks=True):
        """A TLS server that has a certificate of this name, and asks for ours unless told not to."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if asks:
            tls.verify_mode = ssl.CERT_REQUIRED
            tls.load_verify_locations(self.authority.certificate)
        base = self.certificate(name)
        tls.load_cert_chain(base + '.pem', base + '.key')
        return self.enterContext(SipListener(tls=tls))

    def send(self, port, tls_name):
        events = list(self.server.messaging.Send(
            send_pb2.SendRequest(
                endpoint='endpoints/alice',
                request=sip_pb2.SipRequest(method='OPTIONS', request_uri='sip:bob@example.org'),
                destination=types_pb2.Destination(host='127.0.0.1', port=port,
                                                  transport=types_pb2.TLS,
                                                  tls_name=tls_name)), timeout=30))
        self.assertEqual(events[-1].response.status_code, 200, events)

    def test_host_of_an_outgoing_connection_may_connect_back_while_it_is_there(self):
        listener = self.listen('far.org')
        self.assertIsNone(self.connect('far.org'))
        before = self.get()
        self.send(listener.address[1], 'far.org')
        self.assertEqual(self.patterns(AUTO), ['far.org'])
        self.assertEqual(self.patterns()[-1], 'far.org')
        self.assertIsNotNone(self.connect('far.org'))
        self.assertEqual(self.check('far.org').matched_allowed_domain, 'far.org')
        # It is no edit: the etag is the old one, and a list that was read may be written back.
        read = self.get()
        self.assertEqual(read.etag, before.etag)
        written = self.update(['allowed_domains'], etag=read.etag,
                              allowed_domains=read.allowed_domains)
        self.assertEqual(written.etag, before.etag)
        self.update(['auto_allow_outgoing_hosts'], auto_allow_outgoing_hosts=False)
        self.assertEqual(self.patterns(AUTO), [])
        self.assertIsNone(self.connect('far.org'))
        self.assertTrue(any('far.org' in warning for warning in self.get().warnings))
        self.update(['auto_allow_outgoing_hosts'], auto_allow_outgoing_hosts=True)
        self.assertEqual(self.patterns(AUTO), ['far.org'])
        self.remove('far.org')  # Not the caller's to remove.
        self.assertEqual(self.patterns(AUTO), ['far.org'])
        listener.close_connections()
        wait_for(lambda: not self.patterns(AUTO), 'end of the AUTO entry')
        self.assertEqual(self.patterns(), ['.contoso.com', 'a.contoso.com'])
        self.assertIsNone(self.connect('far.org'))

    def test_host_that_asks_for_no_certificate_may_not_connect_back(self):
        self.send(self.listen('far.org', asks=False).address[1], 'far.org')
        self.assertEqual(self.patterns(AUTO), [])
        self.assertIsNone(self.connect('far.org'))

    def test_hundred_parallel_edits_lose_none_and_every_handshake_sees_one_list(self):
        def with_etag(edit):
            while True:
                try:
                    return edit(self.get().etag)
                except grpc.RpcError as error:
                    self.assertEqual(error.code(), grpc.StatusCode.ABORTED)

        def edit(number):
            pattern = 'host%d.example.org' % number
            if number % 4 == 0:
                self.assertTrue(self.add(pattern).added)
            elif number % 4 == 1:
                with_etag(lambda etag: self.add(pattern, etag=etag))
            elif number % 4 == 2:
                self.assertTrue(self.add(pattern).added)
                self.assertTrue(self.remove(pattern).removed)
            else:
                self.add(pattern)
                with_etag(lambda etag: self.remove(pattern, etag=etag))

        done = threading.Event()
        verdicts = {'a.contoso.com': set(), 'evil.org': set()}
        for name in verdicts:
            self.certificate(name)

        def handshakes(name):
            while True:
                verdicts[name].add(self.connect(name) is not None)
                if done.is_set():
                    return

        with concurrent.futures.ThreadPoolExecutor(max_workers=2) as peers:
            running = [peers.submit(handshakes, name) for name in verdicts]
            try:
                with concurrent.futures.ThreadPoolExecutor(max_workers=25) as editors:
                    for result in [editors.submit(edit, number) for number in range(100)]:
                        result.result()
            finally:
                done.set()
            for result in running:
                result.result()
        self.assertEqual(verdicts, {'a.contoso.com': {True}, 'evil.org': {False}})
        self.assertEqual(sorted(self.patterns()), sorted(
            ['.contoso.com', 'a.contoso.com'] +
            ['host%d.example.org' % number for number in range(100) if number % 4 < 2]))


if __name__ == '__main__':
    unittest.main()
