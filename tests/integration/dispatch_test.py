"""From a SIP peer to an application and back, through the real server."""

import unittest

import grpc

from proto.sipcm.v1 import (connections_pb2, delivery_pb2, endpoints_pb2, send_pb2, sip_pb2,
                            subscription_pb2, types_pb2)
from tests.integration.support.application import Application
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager
from tests.integration.support.sip_peer import SipPeer, request
from tests.integration.support.waiting import wait_for

CONFIG = {
    'connection_managers': [tcp_manager()],
    'endpoints': [endpoint('alice', 'sip:alice@example.com'),
                  endpoint('bob', 'sip:bob@example.com')],
}


class DispatchTest(unittest.TestCase):

    def setUp(self):
        self.server = self.enterContext(ServerProcess(CONFIG))
        self.peer = self.enterContext(SipPeer(self.server.sip_address()))

    def test_request_reaches_its_endpoint_and_is_answered(self):
        with Application(self.server, 'alice') as alice, Application(self.server, 'bob') as bob:
            self.peer.send(request('MESSAGE', 'sip:alice@example.com', body=b'hello',
                                   extra=['Content-Type: text/plain']))
            answer = self.peer.read()
            self.assertEqual(answer.status, 200)
            self.assertIn('tag=', answer.header('To'))
            self.assertEqual(answer.header('Content-Length'), '0')
            delivered = alice.wait_for_requests()[0]
            self.assertEqual(delivered.request.body, b'hello')
            self.assertEqual(delivered.reason, types_pb2.REQUEST_URI_ADDRESS)
            self.assertEqual(delivered.attempt, 1)
            self.peer.send(request('OPTIONS', 'sip:bob@example.com'))
            self.assertEqual(self.peer.read().status, 200)
            self.assertEqual(len(bob.wait_for_requests()), 1)
            self.assertEqual(len(alice.requests()), 1)

    def test_many_requests_in_one_write_are_answered_in_their_order(self):
        count = 500
        with Application(self.server, 'alice', status=200, max_outstanding_count=1000):
            requests = [request() for _ in range(count)]
            self.peer.send(b''.join(requests))
            calls = sorted(self.peer.read().header('Call-ID') for _ in range(count))
        sent = sorted(line.split(b': ')[1].decode() for text in requests
                      for line in text.split(b'\r\n') if line.startswith(b'Call-ID'))
        self.assertEqual(calls, sent)

    def test_without_subscription_the_sender_is_told_to_come_back(self):
        self.peer.send(request())
        answer = self.peer.read()
        self.assertEqual(answer.status, 480)
        self.assertTrue(answer.header('Retry-After'))
        self.assertTrue(answer.header('Warning').startswith('399 '), answer.headers)

    def test_without_matching_endpoint_the_answer_is_500(self):
        self.peer.send(request(uri='sip:nobody@example.org'))
        answer = self.peer.read()
        self.assertEqual(answer.status, 500)
        self.assertTrue(answer.header('Warning').startswith('399 '), answer.headers)

    def test_request_of_a_lost_subscription_goes_to_another(self):
        silent = Application(self.server, 'alice', status=None)
        self.peer.send(request())
        first = silent.wait_for_requests()[0]
        with Application(self.server, 'alice') as other:
            silent.leave()
            self.assertEqual(self.peer.read().status, 200)
            again = other.requests()[0]
            self.assertEqual(again.attempt, 2)
            self.assertEqual(again.attempt_reason,
                             delivery_pb2.RequestDelivery.SUBSCRIPTION_LOST)
            self.assertEqual(again.request.headers, first.request.headers)

    def test_with_no_other_subscription_the_sender_gets_an_answer(self):
        silent = Application(self.server, 'alice', status=None)
        self.peer.send(request())
        silent.wait_for_requests()
        silent.leave()
        self.assertIn(self.peer.read().status, (480, 500, 503))

    def test_second_and_unknown_answers_are_refused_and_send_nothing(self):
        with Application(self.server, 'alice') as alice:
            self.peer.send(request())
            self.assertEqual(self.peer.read().status, 200)
            delivered = alice.wait_for_requests()[0]
            with self.assertRaises(grpc.RpcError) as second:
                alice.answer(delivered, 486)
            self.assertEqual(second.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
            with self.assertRaises(grpc.RpcError) as unknown:
                self.server.messaging.Respond(
                    subscription_pb2.RespondRequest(
                        request_id='1-2-3-no-such', response=sip_pb2.SipResponse(status_code=200)),
                    timeout=10)
            self.assertEqual(unknown.exception.code(), grpc.StatusCode.NOT_FOUND)
            self.peer.send(request())
            self.assertEqual(self.peer.read().status, 200)

    def test_method_that_nobody_takes_is_answered_405_with_allow(self):
        with Application(self.server, 'alice', methods=['MESSAGE']):
            self.peer.send(request('OPTIONS'))
            answer = self.peer.read()
            self.assertEqual(answer.status, 405)
            self.assertIn('MESSAGE', answer.header('Allow'))

    def test_deleted_endpoint_ends_its_subscription(self):
        alice = Application(self.server, 'alice')
        self.server.endpoints.DeleteEndpoint(
            endpoints_pb2.DeleteEndpointRequest(name='endpoints/alice', force=True), timeout=10)
        self.assertEqual(alice.wait_until_ended().code(), grpc.StatusCode.NOT_FOUND)

    def test_closed_connection_ends_the_peers_stream(self):
        connections = wait_for(
            lambda: self.server.connections.ListConnections(
                connections_pb2.ListConnectionsRequest(parent='connectionManagers/edge'),
                timeout=10).connections, 'the connection')
        self.server.connections.CloseConnection(
            connections_pb2.CloseConnectionRequest(name=connections[0].name), timeout=10)
        self.assertTrue(self.peer.wait_until_closed())
        wait_for(lambda: self.server.connection_count() == 0, 'end of the connection')

    def test_sends_to_another_server_and_streams_its_answer(self):
        with ServerProcess({'connection_managers': [tcp_manager()],
                            'endpoints': [endpoint('carol', 'sip:carol@example.org')]}) as other:
            host, port = other.sip_address()
            with Application(other, 'carol', status=486):
                events = list(self.server.messaging.Send(
                    send_pb2.SendRequest(
                        endpoint='endpoints/alice',
                        request=sip_pb2.SipRequest(method='OPTIONS',
                                                   request_uri='sip:carol@example.org'),
                        destination=types_pb2.Destination(host=host, port=port,
                                                          transport=types_pb2.TCP)),
                    timeout=30))
            self.assertEqual([event.WhichOneof('event') for event in events],
                             ['sent', 'response'])
            self.assertEqual(events[1].response.status_code, 486)

    def test_refused_connection_is_a_failure_with_its_cause(self):
        # Port 1 of this machine: nobody listens there.
        events = list(self.server.messaging.Send(
            send_pb2.SendRequest(
                endpoint='endpoints/alice',
                request=sip_pb2.SipRequest(method='OPTIONS', request_uri='sip:x@127.0.0.1'),
                destination=types_pb2.Destination(host='127.0.0.1', port=1,
                                                  transport=types_pb2.TCP)), timeout=30))
        self.assertEqual(events[-1].failure.cause, send_pb2.SendFailure.CONNECT_REFUSED)
        self.assertEqual(events[-1].failure.written, send_pb2.SendFailure.NOTHING)
        self.assertIn('127.0.0.1:1', events[-1].failure.explanation)


if __name__ == '__main__':
    unittest.main()
