"""SIGTERM: the server ends in order; health says where it stands."""

import signal
import unittest

import grpc

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
