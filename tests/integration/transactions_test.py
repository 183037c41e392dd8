"""Transactions and calls through the real server: what peers see, and what applications are told."""

import unittest

import grpc

from proto.sipcm.v1 import subscription_pb2
from tests.integration.support.application import Application
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager
from tests.integration.support.sip_listener import SipListener
from tests.integration.support.sip_peer import SipPeer, request
from tests.integration.support.waiting import wait_for

CONFIG = {
    'connection_managers': [tcp_manager()],
    'endpoints': [endpoint('alice', 'sip:alice@example.com')],
}


def follow(invite, method, answer=None):
    """What follows an INVITE: hop by hop, or with a 2xx `answer` in its dialog."""
    text = invite.replace(b'INVITE', method.encode())
    if answer is not None:
        to = [line for line in invite.split(b'\r\n') if line.startswith(b'To: ')][0]
        text = text.replace(to, b'To: ' + answer.header('To').encode())
        if 200 <= answer.status < 300:
            text = text.replace(b'z9hG4bK', b'z9hG4bK-next')
    return text


class ServerTransactionsTest(unittest.TestCase):

    def setUp(self):
        self.server = self.enterContext(ServerProcess(CONFIG))
        self.peer = self.enterContext(SipPeer(self.server.sip_address()))

    def test_an_invite_that_is_not_answered_at_once_gets_100_and_its_copy_nothing_more(self):
        with Application(self.server, 'alice', status=None) as alice:
            invite = request('INVITE')
            self.peer.send(invite + invite)
            self.assertEqual(self.peer.read().status, 100)
            delivered = alice.wait_for_requests()
            alice.answer(delivered[0], 486)
            answer = self.peer.read()
            self.assertEqual(answer.status, 486)
            self.peer.send(invite + follow(invite, 'ACK', answer))
            self.assertIsNone(self.peer.read(seconds=1))
            self.assertEqual(len(alice.requests()), 1)

    def test_a_2xx_comes_again_until_its_ack_which_is_delivered_once(self):
        with Application(self.server, 'alice') as alice:
            invite = request('INVITE')
            self.peer.send(invite)
            answers = [self.peer.read() for _ in range(3)]
            self.assertEqual([answer.status for answer in answers], [200] * 3)
            self.assertEqual({answer.header('To') for answer in answers},
                             {answers[0].header('To')})
            ack = follow(invite, 'ACK', answers[0])
            self.peer.send(ack + ack)
            self.assertEqual(alice.wait_for_requests(2)[1].request.method, 'ACK')
            self.assertIsNone(self.peer.read(seconds=2))
            self.assertEqual(len(alice.requests()), 2)
            self.assertFalse(alice.notices())

    def test_a_merged_request_gets_482_by_whichever_connection(self):
        with Application(self.server, 'alice', status=None) as alice:
            message = request('MESSAGE')
            self.peer.send(message)
            alice.wait_for_requests()
            for _ in range(8):  # on whichever worker they are
                with SipPeer(self.server.sip_address()) as other:
                    other.send(message.replace(b'z9hG4bK', b'z9hG4bK-other'))
                    self.assertEqual(other.read().status, 482)
            self.assertEqual(len(alice.requests()), 1)

    def test_what_nobody_can_serve_is_refused_by_name(self):
        with Application(self.server, 'alice') as alice:
            self.peer.send(request(uri='soap.beep://192.0.2.103:3002'))
            self.assertEqual(self.peer.read().status, 416)
            self.peer.send(request(extra=['Require: nothingSupportsThis, 100rel']))
            answer = self.peer.read()
            self.assertEqual(answer.status, 420)
            self.assertEqual(answer.header('Unsupported'), 'nothingSupportsThis')
            self.peer.send(request().replace(b'SIP/2.0\r\nVia', b'SIP/7.0\r\nVia'))
            self.assertEqual(self.peer.read().status, 505)
            self.peer.send(request(uri='sip:nobody@example.org').replace(
                b'Max-Forwards: 70', b'Max-Forwards: 0'))
            self.assertEqual(self.peer.read().status, 483)
            self.assertFalse(alice.requests())

    def test_an_application_cannot_answer_what_rfc_4320_forbids(self):
        with Application(self.server, 'alice', status=None) as alice:
            self.peer.send(request('MESSAGE'))
            delivered = alice.wait_for_requests()[0]
            for status in (180, 408):
                with self.assertRaises(grpc.RpcError) as refused:
                    alice.answer(delivered, status)
                self.assertEqual(refused.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
            alice.answer(delivered, 200)
            self.assertEqual(self.peer.read().status, 200)


class ReturnPathTest(unittest.TestCase):

    def setUp(self):
        self.server = self.enterContext(ServerProcess(CONFIG))
        self.peer = self.enterContext(SipPeer(self.server.sip_address()))
        self.alice = self.enterContext(Application(self.server, 'alice', status=None))

    def deliver(self, port):
        """A request whose sender listens on that port, and whose connection is gone."""
        self.peer.send(request('MESSAGE', port=port))
        delivered = self.alice.wait_for_requests()[0]
        self.peer.reset()
        wait_for(lambda: self.server.connection_count() == 0, 'the end of the connection')
        return delivered

    def test_an_answer_whose_connection_is_gone_goes_where_the_request_came_from(self):
        with SipListener() as listener:
            delivered = self.deliver(listener.address[1])
            response = self.alice.answer(delivered)
            self.assertEqual(response.path, subscription_pb2.RespondResponse.OPENED_CONNECTION)
            self.assertNotEqual(response.connection, delivered.connection)
            wait_for(lambda: listener.requests(), 'the answer')
            self.assertTrue(listener.requests()[0][1].start_line.startswith('SIP/2.0 200'))

    def test_an_answer_without_a_way_back_is_told(self):
        with SipListener() as listener:
            port = listener.address[1]
        delivered = self.deliver(port)
        with self.assertRaises(grpc.RpcError) as gone:
            self.alice.answer(delivered)
        self.assertEqual(gone.exception.code(), grpc.StatusCode.UNAVAILABLE)
        self.assertIn('no other way back', gone.exception.details())


if __name__ == '__main__':
    unittest.main()
