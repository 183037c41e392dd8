"""Applications that die, sleep, come and go, or answer what is not theirs: no sender is forgotten,
and nobody else notices."""

import threading
import time
import unittest

import grpc
from google.protobuf import duration_pb2

from proto.sipcm.v1 import delivery_pb2
from tests.integration.support.abuse_case import AbuseCase
from tests.integration.support.application import Application
from tests.integration.support.sip_peer import SipPeer, request

SHORT = duration_pb2.Duration(nanos=1000000)


class VanishingApplicationsTest(AbuseCase):

    def setUp(self):
        super().setUp()
        self.peer = self.enterContext(SipPeer(self.server.sip_address()))

    # --- Row 25 ----------------------------------------------------------------------------------

    def test_requests_of_a_dead_application_go_to_another(self):
        dying = Application(self.server, 'alice', status=None)
        for _ in range(50):
            self.peer.send(request('MESSAGE'))
        dying.wait_for_requests(50)
        with Application(self.server, 'alice') as heir:
            dying.leave()
            answers = [self.peer.read() for _ in range(50)]
            self.assertEqual({answer.status for answer in answers}, {200})
            self.assertEqual({delivered.attempt for delivered in heir.requests()}, {2})

    def test_requests_of_the_last_application_are_answered_at_once(self):
        dying = Application(self.server, 'alice', status=None)
        self.peer.send(request('MESSAGE'))
        dying.wait_for_requests()
        started = time.monotonic()
        dying.leave()
        answer = self.peer.read()
        self.assertIn(answer.status, (500, 503))
        # The answer deadline would be 8 s.
        self.assertLess(time.monotonic() - started, 4)

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
        for source, token in (({'endpoint': 'bob'}, alice.started.resume_token),
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

    # --- Row 27 ----------------------------------------------------------------------------------

    def test_a_request_for_nobody_is_answered_at_once(self):
        self.peer.send(request(uri='sip:nobody@example.org', to='<sip:nobody@example.org>'))
        answer = self.peer.read(2)
        self.assertIsNotNone(answer)
        self.assertEqual(answer.status, 500)

    # --- Row 28 ----------------------------------------------------------------------------------

    def test_a_stable_application_loses_nothing_while_others_come_and_go(self):
        stable = self.enterContext(Application(self.server, 'alice'))
        ending = threading.Event()
        cycles = []

        def come_and_go():
            while not ending.is_set():
                with Application(self.server, 'alice'):
                    cycles.append(1)

        guests = [threading.Thread(target=come_and_go) for _ in range(4)]
        for guest in guests:
            guest.start()
        try:
            statuses = []
            while len(statuses) < 500 or len(cycles) < 200:
                self.peer.send(request('MESSAGE'))
                statuses.append(self.peer.read().status)
        finally:
            ending.set()
            for guest in guests:
                guest.join()
        print('%d requests during %d subscriptions' % (len(statuses), len(cycles)))
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
