"""Acceptance scenario 6: each step of dispatch with what comes before it, as real requests, and
ExplainDispatch saying of each the same beforehand."""

import re
import unittest

import grpc

from proto.sipcm.v1 import endpoint_pb2, endpoints_pb2, sip_pb2, types_pb2
from tests.integration.support.application import Application
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager
from tests.integration.support.sip_peer import SipPeer, request

INSTANCE = 'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6'
ADDRESS = 'sip:alice@example.com'
NOBODY = '<sip:nobody@nowhere.example>'
CONFIG = {
    'connection_managers': [
        tcp_manager(default_endpoint='endpoints/fallback'),
        tcp_manager('strict', strict_dispatching=True),
        tcp_manager('crowded', strict_dispatching=True),
        tcp_manager('rfc', dispatch_profile='RFC'),
        tcp_manager('empty')],
    'endpoints': [
        endpoint('desk', ADDRESS, endpoint_id='0a1b', gruu='%s;gr=%s' % (ADDRESS, INSTANCE)),
        endpoint('phone', ADDRESS, endpoint_id='0a1c', aliases=['sip:sales@example.com']),
        endpoint('bob', 'sip:bob@example.com', supported_options=['acme.recording']),
        endpoint('domain', 'sip:example.org'),
        endpoint('fallback', 'sip:fallback@example.com'),
        endpoint('only', 'sip:only@example.com', 'strict'),
        endpoint('one', 'sip:one@example.com', 'crowded'),
        endpoint('two', 'sip:two@example.com', 'crowded'),
        endpoint('carol', 'sip:carol@example.com', 'rfc')],
}
# What is asked for → who gets it, and by which step. To: nobody, unless it is given.
CASES = [
    # Step 2: GRUUs, whatever To says.
    (ADDRESS + ';gr=' + INSTANCE, '<%s>;epid=0a1c' % ADDRESS, 'desk', types_pb2.GRUU),
    ('sip:alice@EXAMPLE.com:5061;transport=tcp;gr=' + INSTANCE.upper(), NOBODY, 'desk',
     types_pb2.GRUU),
    (ADDRESS + ';opaque=user:epid:0a1c;gruu', '<sip:bob@example.com>', 'phone', types_pb2.GRUU),
    # Step 3: what an endpoint handed out.
    ('sip:x@192.0.2.1:5060;ms-opaque=bob', '<%s>' % ADDRESS, 'bob', types_pb2.UNIQUE_CONTEXT),
    ('sip:192.0.2.1;epid=0A1B', '<sip:bob@example.com>', 'desk', types_pb2.UNIQUE_CONTEXT),
    # Step 4: Request-URI, then To; of several owners by epid.
    ('sip:bob@example.com', '<%s>;epid=0a1b' % ADDRESS, 'bob', types_pb2.REQUEST_URI_ADDRESS),
    ('sip:bob@example.com;epid=0a1b', NOBODY, 'bob', types_pb2.REQUEST_URI_ADDRESS),
    (ADDRESS, '<%s>;epid=0a1c' % ADDRESS, 'phone', types_pb2.REQUEST_URI_ADDRESS),
    ('sip:sales@example.com', NOBODY, 'phone', types_pb2.REQUEST_URI_ADDRESS),
    ('sip:anybody@example.org', NOBODY, 'domain', types_pb2.REQUEST_URI_ADDRESS),
    ('sip:192.0.2.1', '<sip:bob@example.com>', 'bob', types_pb2.TO_ADDRESS),
    # Step 6, also where step 4 cannot tell two apart.
    ('sip:192.0.2.1', NOBODY, 'fallback', types_pb2.DEFAULT_ENDPOINT),
    (ADDRESS, '<%s>' % ADDRESS, 'fallback', types_pb2.DEFAULT_ENDPOINT),
]


class DispatchStepsTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(ServerProcess(CONFIG))

    def connect(self, manager='edge'):
        return self.enterContext(SipPeer(self.server.sip_address(manager)))

    def explain(self, raw, manager='edge'):
        return self.server.endpoints.ExplainDispatch(
            endpoints_pb2.ExplainDispatchRequest(
                connection_manager='connectionManagers/' + manager,
                request=sip_pb2.SipRequest(raw=raw)), timeout=10)

    def assert_answered_automatically(self, raw, status, manager='edge', warning=True):
        explained = self.explain(raw, manager)
        self.assertEqual(explained.reason, types_pb2.AUTOMATIC_ANSWER)
        self.assertEqual(explained.automatic_answer.status_code, status)
        peer = self.connect(manager)
        peer.send(raw)
        answer = peer.read()
        self.assertEqual(answer.status, status)
        self.assertEqual(answer.header('Warning').startswith('399 '), warning)
        return answer

    def test_each_request_goes_where_its_first_deciding_step_says(self):
        applications = {name: self.enterContext(Application(self.server, name))
                        for name in ('desk', 'phone', 'bob', 'domain', 'fallback')}
        peer = self.connect()
        for uri, to, name, reason in CASES:
            with self.subTest(uri=uri, to=to):
                raw = request('MESSAGE', uri, to)
                explained = self.explain(raw)
                self.assertEqual(explained.endpoint, 'endpoints/' + name, explained)
                self.assertEqual(explained.reason, reason, explained)
                self.assertEqual([step.decided for step in explained.steps],
                                 [False] * (len(explained.steps) - 1) + [True])
                self.assertEqual(explained.steps[-1].reason, reason)
                self.assertEqual(explained.subscription_count, 1)
                count = len(applications[name].requests())
                peer.send(raw)
                self.assertEqual(peer.read().status, 200)
                delivered = applications[name].wait_for_requests(count + 1)[-1]
                self.assertEqual(delivered.endpoint, 'endpoints/' + name)
                self.assertEqual(delivered.reason, reason)

    def test_strict_gives_all_to_the_only_endpoint_and_decides_nothing_between_two(self):
        raw = request('MESSAGE', 'sip:whoever@example.net', NOBODY)
        with Application(self.server, 'only') as only:
            peer = self.connect('strict')
            peer.send(raw)
            self.assertEqual(peer.read().status, 200)
            self.assertEqual(only.requests()[0].reason, types_pb2.ONLY_ENDPOINT)
        explained = self.explain(raw, 'crowded')
        self.assertIn(types_pb2.ONLY_ENDPOINT, [step.reason for step in explained.steps])
        self.assert_answered_automatically(raw, 500, 'crowded')

    def test_nothing_matches_is_500_and_in_profile_rfc_404(self):
        raw = request('MESSAGE', 'sip:whoever@example.net', NOBODY)
        self.assert_answered_automatically(raw, 500, 'empty')
        self.assert_answered_automatically(raw, 404, 'rfc')

    def test_in_a_dialog_that_nobody_has_it_is_481(self):
        raw = request('BYE', 'sip:whoever@example.net', NOBODY + ';tag=lost')
        for manager in ('empty', 'rfc', 'crowded'):
            self.assert_answered_automatically(raw, 481, manager)

    def test_in_a_dialog_that_lives_it_is_its_endpoints_and_the_question_changes_nothing(self):
        with Application(self.server, 'bob') as bob:
            peer = self.connect()
            invite = request('INVITE', 'sip:bob@example.com')
            peer.send(invite)
            answer = peer.read()
            while answer.status < 200:
                answer = peer.read()
            bye = re.sub(rb'CSeq: (\d+) INVITE', lambda cseq: b'CSeq: %d BYE' % (int(cseq[1]) + 1),
                         invite.replace(b'INVITE sip', b'BYE sip').replace(b'-test-', b'-bye-'))
            bye = bye.replace(b'To: <sip:bob@example.com>', b'To: ' + answer.header('To').encode())
            for _ in range(2):
                explained = self.explain(bye)
                self.assertEqual(explained.reason, types_pb2.IN_DIALOG, explained)
                self.assertEqual(explained.endpoint, 'endpoints/bob')
                self.assertFalse(explained.HasField('automatic_answer'))
            peer.send(bye)
            while peer.read().header('CSeq').split()[1] != 'BYE':
                pass  # copies of the 200 to the INVITE
            self.assertEqual(bob.requests()[-1].reason, types_pb2.IN_DIALOG)
            self.assertEqual(self.explain(bye).automatic_answer.status_code, 481)

    def test_what_an_endpoint_supports_may_be_required_of_it_and_of_no_other(self):
        required = ('Require: acme.recording',)
        with Application(self.server, 'bob'):
            peer = self.connect()
            raw = request('MESSAGE', 'sip:bob@example.com', extra=required)
            self.assertEqual(self.explain(raw).endpoint, 'endpoints/bob')
            peer.send(raw)
            self.assertEqual(peer.read().status, 200)
        answer = self.assert_answered_automatically(
            request('MESSAGE', 'sip:anybody@example.org', extra=required), 420)
        self.assertEqual(answer.header('Unsupported'), 'acme.recording')

    def test_a_cancel_without_its_invite_is_481(self):
        self.assert_answered_automatically(request('CANCEL', 'sip:bob@example.com'), 481)

    def test_an_ack_is_never_answered(self):
        for manager in ('edge', 'empty', 'rfc'):
            peer = self.connect(manager)
            ack = request('ACK', 'sip:whoever@example.net', NOBODY + ';tag=lost')
            self.assertFalse(self.explain(ack, manager).HasField('automatic_answer'))
            peer.send(ack + request('OPTIONS', 'sip:whoever@example.net', NOBODY + ';tag=lost'))
            self.assertEqual(peer.read().header('CSeq').split()[1], 'OPTIONS')

    def test_without_application_and_with_one_for_other_methods_the_explanation_says_so(self):
        raw = request('OPTIONS', 'sip:carol@example.com')
        self.assertEqual(self.explain(raw, 'rfc').automatic_answer.status_code, 480)
        with Application(self.server, 'carol', methods=['MESSAGE']):
            explained = self.explain(raw, 'rfc')
            self.assertEqual(explained.automatic_answer.status_code, 405)
            self.assertEqual(explained.endpoint, 'endpoints/carol')
            self.assertIn('method', explained.explanation)

    def test_the_same_address_and_epid_and_a_taken_gruu_are_refused(self):
        for field, settings in (
                ('address', {'address': ADDRESS, 'endpoint_id': '0a1b'}),
                ('gruu', {'address': 'sip:new@example.com',
                          'gruu': '%s;gr=%s' % (ADDRESS, INSTANCE)})):
            with self.assertRaises(grpc.RpcError) as refused:
                self.server.endpoints.CreateEndpoint(
                    endpoints_pb2.CreateEndpointRequest(
                        endpoint_id='second', endpoint=endpoint_pb2.Endpoint(
                            kind=endpoint_pb2.Endpoint.PEER_TO_PEER,
                            connection_manager='connectionManagers/edge', **settings)), timeout=10)
            self.assertEqual(refused.exception.code(), grpc.StatusCode.ALREADY_EXISTS)
            self.assertIn('endpoints/desk', refused.exception.details(), field)


if __name__ == '__main__':
    unittest.main()
