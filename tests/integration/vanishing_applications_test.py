"""Applications that die, sleep, come and go, or answer what is not theirs: no sender is forgotten,
and nobody else notices."""

import threading
import time
import unittest

import grpc
from google.protobuf import duration_pb2

from proto.sipcm.v1 import delivery_pb2, endpoint_pb2, endpoints_pb2, subscription_pb2
from tests.integration.support.abuse_case import AbuseCase
from tests.integration.support.application import Application
from tests.integration.support.mortal_application import MortalApplication
from tests.integration.support.sip_peer import SipPeer, request
from tests.integration.support.waiting import DEADLINE_SECONDS

SHORT = duration_pb2.Duration(nanos=1000000)


class VanishingApplicationsTest(AbuseCase):

    def setUp(self):
        super().setUp()
        self.peer = self.enterContext(SipPeer(self.server.sip_address()))

    def create(self, name, **settings):
        """An endpoint NAME@example.com until the end of the test."""
        self.server.endpoints.CreateEndpoint(endpoints_pb2.CreateEndpointRequest(
            endpoint_id=name, endpoint=endpoint_pb2.Endpoint(
                kind=endpoint_pb2.Endpoint.PEER_TO_PEER, address='sip:%s@example.com' % name,
                connection_manager='connectionManagers/edge', **settings)), timeout=10)
        self.addCleanup(self.server.endpoints.DeleteEndpoint, endpoints_pb2.DeleteEndpointRequest(
            name='endpoints/' + name, force=True), timeout=10)

    # --- Row 25 ----------------------------------------------------------------------------------

    def test_requests_of_a_killed_application_go_to_another(self):
        dying = self.enterContext(MortalApplication(self.server, 'alice'))
        for _ in range(50):
            self.peer.send(request('MESSAGE'))
        dying.wait_for_requests(50)
        with Application(self.server, 'alice') as heir:
            dying.kill()
            answers = [self.peer.read() for _ in range(50)]
            self.assertEqual({answer.status for answer in answers}, {200})
            self.assertEqual({delivered.attempt for delivered in heir.requests()}, {2})

    def test_requests_of_the_last_application_are_answered_within_a_second_of_its_death(self):
        """Half a second of which it might have come back; a request's own time would be 8 s."""
        waits = []
        for _ in range(5):
            dying = self.enterContext(MortalApplication(self.server, 'alice'))
            self.peer.send(request('MESSAGE'))
            dying.wait_for_requests()
            started = time.monotonic()
            dying.kill()
            answer = self.peer.read()
            waits.append(time.monotonic() - started)
            self.assertIn(answer.status, (500, 503))
        print('answered after %s s' % ['%.3f' % wait for wait in waits])
        # The machine may be busy at one moment or another, not at most of them.
        self.assertLess(sorted(waits)[len(waits) // 2], 1)

    def test_scenario_10_nothing_of_a_dead_stream_is_lost_silently(self):
        """Another gets what it had; with none left each sender has its answer."""
        first = self.enterContext(MortalApplication(self.server, 'alice'))
        ids = ['scenario-10-%d' % number for number in range(20)]
        for call_id in ids:
            self.peer.send(request('MESSAGE', call_id=call_id))
        first.wait_for_requests(20)
        second = Application(self.server, 'alice', status=None)
        first.kill()
        had = second.wait_for_requests(20)
        self.assertEqual({delivered.attempt for delivered in had}, {2})
        for delivered in had[:10]:
            second.answer(delivered)
        statuses = {}
        while len(statuses) < 10:
            answer = self.peer.read()
            statuses[answer.header('Call-ID')] = answer.status
        second.leave()
        while len(statuses) < 20:
            answer = self.peer.read()
            statuses[answer.header('Call-ID')] = answer.status
        self.assertEqual(set(statuses), set(ids))
        self.assertEqual(sorted(statuses.values()), [200] * 10 + [500] * 10)
        self.assertIsNone(self.peer.read(0.3))

    def test_an_application_that_comes_back_gets_its_open_requests(self):
        first = Application(self.server, 'alice', status=None)
        for _ in range(50):
            self.peer.send(request('MESSAGE'))
        had = {delivered.request_id for delivered in first.wait_for_requests(50)}
        first.leave()
        with Application(self.server, 'alice', resume_token=first.started.resume_token) as second:
            self.assertTrue(second.started.resumed)
            self.assertEqual(second.started.resume_token, first.started.resume_token)
            answers = [self.peer.read() for _ in range(50)]
            self.assertEqual({answer.status for answer in answers}, {200})
            again = second.requests()
            self.assertEqual({delivered.request_id for delivered in again}, had)
            self.assertEqual({delivered.attempt_reason for delivered in again},
                             {delivery_pb2.RequestDelivery.RESUMED})
            self.assertEqual({delivered.attempt for delivered in again}, {2})
            self.assertEqual(second.notices(), [])

    def test_an_application_that_comes_back_too_late_hears_what_it_lost(self):
        first = Application(self.server, 'alice', status=None, resume_timeout=SHORT)
        for _ in range(3):
            self.peer.send(request('MESSAGE'))
        first.wait_for_requests(3)
        first.leave()
        self.assertEqual({self.peer.read().status for _ in range(3)}, {500})
        with Application(self.server, 'alice', resume_token=first.started.resume_token) as second:
            self.assertTrue(second.started.resumed)
            self.assertEqual(second.started.outstanding_count, 0)
            self.assertEqual(second.wait_for_notices()[0].gap.lost_count, 3)

    def test_a_second_stream_with_the_token_takes_over_from_the_first(self):
        first = Application(self.server, 'alice', status=None)
        self.peer.send(request('MESSAGE'))
        first.wait_for_requests()
        with Application(self.server, 'alice', resume_token=first.started.resume_token) as second:
            self.assertEqual(self.peer.read().status, 200)
            self.assertEqual(second.started.outstanding_count, 1)
            self.assertEqual(first.wait_until_ended().code(), grpc.StatusCode.ABORTED)

    def test_a_foreign_token_is_refused(self):
        alice = self.enterContext(Application(self.server, 'alice'))
        for source, token in (({'endpoint': 'secure-alice'}, alice.started.resume_token),
                              ({'endpoint': 'alice'}, 'no-such-token')):
            with self.assertRaises(grpc.RpcError) as refused:
                Application(self.server, **source, resume_token=token)
            self.assertEqual(refused.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
            self.assertIn('resume_token', refused.exception.details())

    # --- Row 26 ----------------------------------------------------------------------------------

    def test_a_slow_application_costs_its_own_endpoint_503_and_no_memory(self):
        self.enterContext(Application(self.server, 'alice', status=None, max_outstanding_count=1))
        before = self.footprint.resident_bytes()
        self.peer.send(b''.join(request('MESSAGE', body=b'x' * 1000) for _ in range(3000)))
        answers = [self.peer.read() for _ in range(1999)]
        self.assertEqual({answer.status for answer in answers}, {503})
        self.assertTrue(all(answer.header('Retry-After') for answer in answers))
        # A thousand of them wait in line, by the default of the limit.
        self.assertLess(self.footprint.resident_bytes() - before, 16 << 20)

    def test_an_application_that_reads_one_a_second_of_500_costs_its_own_endpoint_503(self):
        """For 5 s. Another endpoint of the manager is served on the same connection."""
        self.create('carol')
        self.create('dave', answer_timeout={'seconds': 60})  # None expires during the test.
        self.enterContext(Application(self.server, 'carol'))
        slow = Application(self.server, 'dave', pause=1, max_outstanding_count=100)
        before = self.footprint.resident_bytes()
        answers = {'MESSAGE': [], 'OPTIONS': []}  # final ones

        def read(seconds):
            answer = self.peer.read(seconds)
            self.assertFalse(answer is None and seconds == DEADLINE_SECONDS, 'nothing came')
            if answer is not None and answer.status >= 200:
                answers[answer.method].append(answer)

        begin = time.monotonic()
        for turn in range(250):
            self.peer.send(b''.join(request('MESSAGE', 'sip:dave@example.com', body=b'x' * 1000)
                                    for _ in range(10)) + request(uri='sip:carol@example.com'))
            due = begin + 0.02 * (turn + 1)
            while time.monotonic() < due:
                read(due - time.monotonic())
        while len(answers['OPTIONS']) < 250:
            read(DEADLINE_SECONDS)
        self.assertEqual({answer.status for answer in answers['OPTIONS']}, {200})
        refused = [answer for answer in answers['MESSAGE'] if answer.status != 200]
        read_count = len(slow.requests())
        print('read %d, refused %d' % (read_count, len(refused)))
        self.assertEqual({answer.status for answer in refused}, {503})
        self.assertTrue(all(answer.header('Retry-After') for answer in refused))
        # Its credit waits with it, and a thousand in line, by the default of the limit.
        self.assertGreaterEqual(len(refused), 2500 - 100 - 1000 - read_count)
        self.assertLess(self.footprint.resident_bytes() - before, 16 << 20)
        # Each has its one answer in the end.
        slow.leave()
        while len(answers['MESSAGE']) < 2500:
            read(DEADLINE_SECONDS)
        self.assertEqual(len({answer.header('Call-ID') for answer in answers['MESSAGE']}), 2500)

    # --- Row 27 ----------------------------------------------------------------------------------

    def test_a_request_for_nobody_is_answered_at_once(self):
        self.peer.send(request(uri='sip:nobody@example.org', to='<sip:nobody@example.org>'))
        answer = self.peer.read(2)
        self.assertIsNotNone(answer)
        self.assertEqual(answer.status, 500)

    # --- Row 28 ----------------------------------------------------------------------------------

    def test_a_stable_application_loses_nothing_while_200_a_second_come_and_go(self):
        stable = self.enterContext(Application(self.server, 'alice'))
        ending = threading.Event()
        cycles = []  # when each ended

        def come_and_go():
            while not ending.is_set():
                stream = self.server.messaging.Subscribe(
                    subscription_pb2.SubscribeRequest(endpoint='endpoints/alice'))
                next(stream)
                stream.cancel()
                cycles.append(time.monotonic())

        def is_fast():
            """A second has had 200 of them."""
            return len(cycles) > 200 and cycles[-1] - cycles[-201] < 1

        guests = [threading.Thread(target=come_and_go) for _ in range(4)]
        for guest in guests:
            guest.start()
        try:
            statuses = []
            end = time.monotonic() + DEADLINE_SECONDS
            while (len(statuses) < 500 or not is_fast()) and time.monotonic() < end:
                self.peer.send(request('MESSAGE'))
                statuses.append(self.peer.read().status)
            fast = is_fast()
        finally:
            ending.set()
            for guest in guests:
                guest.join()
        print('%d requests during %d subscriptions' % (len(statuses), len(cycles)))
        self.assertTrue(fast, 'no second had 200 subscriptions')
        # What a guest had when it left came to another.
        self.assertEqual(set(statuses), {200})
        self.assertGreater(len(stable.requests()), 0)

    # --- Rows 29 and 30 --------------------------------------------------------------------------

    def assert_refused(self, application, request_delivered, *codes):
        with self.assertRaises(grpc.RpcError) as refused:
            application.answer(request_delivered)
        self.assertIn(refused.exception.code(), codes)
        self.assertIsNone(self.peer.read(0.3))

    def test_a_second_answer_is_refused_and_not_sent(self):
        application = self.enterContext(Application(self.server, 'alice', status=None))
        self.peer.send(request('MESSAGE'))
        delivered = application.wait_for_requests()[0]
        application.answer(delivered)
        self.assertEqual(self.peer.read().status, 200)
        self.assert_refused(application, delivered, grpc.StatusCode.FAILED_PRECONDITION,
                            grpc.StatusCode.NOT_FOUND)

    def test_an_answer_after_the_request_went_to_another_is_refused(self):
        dying = Application(self.server, 'alice', status=None)
        self.peer.send(request('MESSAGE'))
        lost = dying.wait_for_requests()[0]
        with Application(self.server, 'alice', status=None) as heir:
            dying.leave()
            owned = heir.wait_for_requests()[0]
            self.assertNotEqual(owned.request_id, lost.request_id)
            self.assert_refused(dying, lost, grpc.StatusCode.FAILED_PRECONDITION,
                                grpc.StatusCode.NOT_FOUND)
            heir.answer(owned)
            self.assertEqual(self.peer.read().status, 200)

    def test_an_answer_to_what_never_was_is_refused(self):
        application = self.enterContext(Application(self.server, 'alice', status=None))
        self.assert_refused(application, delivery_pb2.RequestDelivery(request_id='0-0-0'),
                            grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT)

    def test_an_answer_never_goes_to_the_peer_that_took_the_place(self):
        application = self.enterContext(Application(self.server, 'alice', status=None))
        self.peer.send(request('MESSAGE'))
        delivered = application.wait_for_requests()[0]
        self.peer.reset()
        with SipPeer(self.server.sip_address()) as other:
            other.send(request('MESSAGE'))
            application.wait_for_requests(2)
            with self.assertRaises(grpc.RpcError):
                application.answer(delivered)
            self.assertIsNone(other.read(0.3))
            application.answer(application.requests()[1])
            self.assertEqual(other.read().status, 200)


if __name__ == '__main__':
    unittest.main()
