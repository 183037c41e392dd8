"""SIGTERM and Drain: the server ends in order; health says where it stands. Its settings go with
it to another."""

import signal
import unittest

import grpc
from google.protobuf import duration_pb2, json_format

from proto.sipcm.v1 import admin_pb2
from tests.integration.support.application import Application
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager
from tests.integration.support.sip_peer import SipPeer, request
from tests.integration.support.waiting import wait_for

CONFIG = {'connection_managers': [tcp_manager()],
          'endpoints': [endpoint('alice', 'sip:alice@example.com'),
                        endpoint('bob', 'sip:bob@example.com')]}


class EndingTest(unittest.TestCase):

    def test_health_answers_while_serving(self):
        server = self.enterContext(ServerProcess(CONFIG))
        self.assertEqual(server.http('/healthz')[0], 200)
        self.assertEqual(server.http('/metrics')[0], 200)
        self.assertEqual(server.http('/no-such-page')[0], 404)

    def test_idle_server_ends_at_once_with_success(self):
        server = self.enterContext(ServerProcess(CONFIG))
        with SipPeer(server.sip_address()) as peer:
            peer.send(request())
            self.assertEqual(peer.read().status, 480)
            server.signal()
            self.assertEqual(server.process.wait(timeout=10), 0)
            self.assertTrue(peer.wait_until_closed(5))

    def test_request_in_flight_is_answered_and_new_ones_are_turned_away(self):
        server = self.enterContext(ServerProcess(CONFIG, ['--drain_timeout=20s']))
        alice = Application(server, 'alice', status=None)
        address = server.sip_address()
        with SipPeer(address) as peer:
            peer.send(request())
            delivered = alice.wait_for_requests()[0]
            server.signal()
            wait_for(lambda: server.http('/healthz')[0] == 503, 'unreadiness')

            def turned_away():
                # Nobody has subscribed to bob: 480 as long as work is taken.
                peer.send(request(uri='sip:bob@example.com'))
                answer = peer.read()
                self.assertIn(answer.status, (480, 503))
                return answer if answer.status == 503 else None

            self.assertTrue(wait_for(turned_away, '503').header('Retry-After'))
            with self.assertRaises(OSError):
                SipPeer(address).close()
            alice.answer(delivered)
            self.assertEqual(peer.read().status, 200)
        self.assertEqual(server.process.wait(timeout=20), 0)

    def test_a_caller_may_drain_the_server_which_goes_on_until_it_is_ended(self):
        server = self.enterContext(ServerProcess(CONFIG))
        alice = self.enterContext(Application(server, 'alice', status=None))
        peer = self.enterContext(SipPeer(server.sip_address()))
        peer.send(request())
        delivered = alice.wait_for_requests()[0]
        draining = server.admin.Drain(
            admin_pb2.DrainRequest(timeout=duration_pb2.Duration(seconds=60)), timeout=10)
        self.assertEqual(draining.state, admin_pb2.Server.DRAINING)
        self.assertEqual(server.http('/healthz')[0], 503)
        peer.send(request(uri='sip:bob@example.com'))
        self.assertEqual(peer.read().status, 503)
        # A second call may shorten the deadline, not extend it.
        deadline = draining.drain_deadline_time.ToSeconds()
        longer = server.admin.Drain(
            admin_pb2.DrainRequest(timeout=duration_pb2.Duration(seconds=600)), timeout=10)
        self.assertEqual(longer.drain_deadline_time.ToSeconds(), deadline)
        alice.answer(delivered)
        self.assertEqual(peer.read().status, 200)
        self.assertTrue(peer.wait_until_closed())
        wait_for(lambda: server.admin.GetServer(admin_pb2.GetServerRequest(), timeout=10).state ==
                 admin_pb2.Server.DRAINED, 'the end of the drain')
        self.assertIsNone(server.process.poll())
        server.signal()
        self.assertEqual(server.process.wait(timeout=10), 0)

    def test_a_drain_ends_at_its_deadline_whatever_is_outstanding(self):
        server = self.enterContext(ServerProcess(CONFIG))
        alice = self.enterContext(Application(server, 'alice', status=None))
        peer = self.enterContext(SipPeer(server.sip_address()))
        peer.send(request())
        alice.wait_for_requests()
        server.admin.Drain(admin_pb2.DrainRequest(), timeout=10)
        server.admin.Drain(admin_pb2.DrainRequest(timeout=duration_pb2.Duration()), timeout=10)
        self.assertEqual(peer.read().status, 503)
        self.assertTrue(peer.wait_until_closed())
        self.assertEqual(alice.wait_for_notices()[0].expired.status_code, 503)

    def test_a_drain_of_more_than_a_day_is_refused(self):
        server = self.enterContext(ServerProcess(CONFIG))
        with self.assertRaises(grpc.RpcError) as refused:
            server.admin.Drain(
                admin_pb2.DrainRequest(timeout=duration_pb2.Duration(seconds=86401)), timeout=10)
        self.assertEqual(refused.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertEqual(server.http('/healthz')[0], 200)

    def test_what_is_exported_starts_another_server(self):
        server = self.enterContext(ServerProcess(CONFIG))
        exported = server.admin.ExportConfig(admin_pb2.ExportConfigRequest(), timeout=10)
        config = json_format.MessageToDict(exported.config)
        other = self.enterContext(ServerProcess(config))
        again = other.admin.ExportConfig(admin_pb2.ExportConfigRequest(), timeout=10)
        self.assertEqual(again, exported)
        with SipPeer(other.sip_address()) as peer:
            peer.send(request())
            self.assertEqual(peer.read().status, 480)

    def test_unanswered_request_gets_its_answer_at_the_deadline(self):
        server = self.enterContext(ServerProcess(CONFIG, ['--drain_timeout=1s']))
        alice = Application(server, 'alice', status=None)
        with SipPeer(server.sip_address()) as peer:
            peer.send(request())
            alice.wait_for_requests()
            server.signal()
            self.assertIn(peer.read().status, (500, 503))
        self.assertEqual(server.process.wait(timeout=20), 0)
        self.assertIn(alice.wait_until_ended().code(),
                      (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED))

    def test_second_signal_ends_at_once(self):
        server = self.enterContext(ServerProcess(CONFIG, ['--drain_timeout=60s']))
        alice = Application(server, 'alice', status=None)
        with SipPeer(server.sip_address()) as peer:
            peer.send(request())
            alice.wait_for_requests()
            server.signal()
            wait_for(lambda: server.http('/healthz')[0] == 503, 'unreadiness')
            server.signal()
            self.assertEqual(server.process.wait(timeout=5), 1)

    def test_interrupt_ends_like_termination(self):
        server = self.enterContext(ServerProcess(CONFIG))
        server.signal(signal.SIGINT)
        self.assertEqual(server.process.wait(timeout=10), 0)


if __name__ == '__main__':
    unittest.main()
