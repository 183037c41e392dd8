"""Throttling over the API: marks, limits, and what they show (semantics.md 8, scenario 7)."""

import unittest
import urllib.request

import grpc

from proto.sipcm.v1 import (connection_manager_pb2, connection_managers_pb2, connection_pb2,
                            connections_pb2, endpoints_pb2, error_pb2, event_pb2, send_pb2,
                            sip_pb2, types_pb2)
from tests.integration.support.application import Application
from tests.integration.support.error_detail import detail_of
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager
from tests.integration.support.sip_listener import SipListener
from tests.integration.support.sip_peer import SipPeer, request
from tests.integration.support.waiting import wait_for
from tests.integration.support.watcher import CHANGES_ONLY, Watcher, kind_of


class ThrottlingTest(unittest.TestCase):

    def start(self, **settings):
        self.server = self.enterContext(ServerProcess({
            'connection_managers': [tcp_manager(**settings)],
            'endpoints': [endpoint('alice', 'sip:alice@example.com')]}))
        self.peer = self.enterContext(SipPeer(self.server.sip_address()))

    def update_manager(self, **settings):
        return self.server.managers.UpdateConnectionManager(
            connection_managers_pb2.UpdateConnectionManagerRequest(
                connection_manager=connection_manager_pb2.ConnectionManager(
                    name='connectionManagers/edge', **settings)), timeout=10)

    def connection(self):
        return self.server.connections.ListConnections(connections_pb2.ListConnectionsRequest(
            parent='connectionManagers/edge'), timeout=10).connections[0]

    def metric(self, name, mechanism):
        text = urllib.request.urlopen(
            'http://%s/metrics' % self.server.admin_address, timeout=10).read().decode()
        line = '%s{mechanism="%s"} ' % (name, mechanism)
        return float(next(row for row in text.split('\n') if row.startswith(line)).split()[-1])

    def test_scenario_7_high_4_low_2(self):
        self.start(connection_throttling={'high': 4, 'low': 2})
        with Application(self.server, 'alice', status=None) as application:
            self.peer.send(b''.join(request() for _ in range(8)))
            deliveries = application.wait_for_requests(5)
            wait_for(lambda: self.connection().throttled, 'the connection to be throttled')
            self.assertEqual(self.metric('sipcm_throttled', 'connection'), 1)
            for delivery in deliveries[:3]:
                application.answer(delivery, 200)
                self.assertEqual(self.peer.read().status, 200)
            self.assertTrue(self.connection().throttled)
            self.assertEqual(len(application.requests()), 5)
            application.answer(deliveries[3], 200)
            application.wait_for_requests(8)
            self.assertFalse(self.connection().throttled)
            self.assertEqual(self.metric('sipcm_throttled', 'connection'), 0)
            self.assertEqual(self.metric('sipcm_throttled_requests_total', 'connection'), 3)

    def test_marks_of_one_connection_are_set_live(self):
        self.start()
        with Application(self.server, 'alice', status=None) as application:
            self.peer.send(b''.join(request() for _ in range(3)))
            application.wait_for_requests(3)
            changed = self.server.connections.UpdateConnection(
                connections_pb2.UpdateConnectionRequest(connection=connection_pb2.Connection(
                    name=self.connection().name,
                    throttling=types_pb2.ThrottleMarks(high=2))), timeout=10)
            self.assertTrue(changed.throttled)
            self.assertEqual((changed.throttling.high, changed.throttling.low), (2, 1))

    def test_marks_of_the_manager_are_set_live_and_a_new_watcher_sees_what_is_throttled(self):
        self.start()
        with Application(self.server, 'alice', status=None) as application:
            self.peer.send(b''.join(request() for _ in range(3)))
            application.wait_for_requests(3)
            self.update_manager(connection_throttling=types_pb2.ThrottleMarks(high=2))
            wait_for(lambda: self.connection().throttled, 'the connection to be throttled')
            with Watcher(self.server, kinds=['THROTTLING_STARTED']) as watcher:
                self.assertEqual([(kind_of(event), event.name) for event in watcher.events()],
                                 [('EXISTING', self.connection().name), ('SYNCED', '')])
            self.update_manager(connection_throttling=types_pb2.ThrottleMarks(high=5))
            wait_for(lambda: not self.connection().throttled, 'the end of throttling')
            with Watcher(self.server, kinds=['THROTTLING_STARTED']) as watcher:
                self.assertEqual(watcher.lines(), ['SYNCED'])

    def test_message_marks_of_a_manager(self):
        self.start(message_throttling={'high': 2, 'low': 1})
        with Application(self.server, 'alice', status=None, max_outstanding_count=1):
            self.peer.send(b''.join(request() for _ in range(5)))
            answer = self.peer.read()
            self.assertEqual(answer.status, 503)
            self.assertTrue(answer.header('Retry-After'))
            statistics = self.server.managers.GetConnectionManager(
                connection_managers_pb2.GetConnectionManagerRequest(
                    name='connectionManagers/edge'), timeout=10).statistics
            self.assertTrue(statistics.message_throttled)
            self.assertEqual(self.metric('sipcm_throttled', 'manager'), 1)
            self.assertEqual(self.metric('sipcm_throttled_requests_total', 'manager'), 1)
            self.assertEqual(statistics.queued_delivery_count, 3)

    def test_one_client_has_twenty_outstanding_by_default(self):
        self.start(limits={})
        with Application(self.server, 'alice', status=None) as application:
            self.peer.send(b''.join(request() for _ in range(22)))
            self.assertEqual([self.peer.read().status for _ in range(2)], [503, 503])
            application.wait_for_requests(20)
            self.assertEqual(self.metric('sipcm_throttled', 'client_connection'), 1)
            self.assertEqual(self.metric('sipcm_throttled_requests_total', 'client_connection'), 2)
            self.update_manager(limits={'max_client_request_count': 0})
            self.peer.send(request())
            application.wait_for_requests(21)
            wait_for(lambda: self.metric('sipcm_throttled', 'client_connection') == 0,
                     'the end of throttling')

    def begin_sends(self, count, port):
        """So many OPTIONS of alice's, all under way."""
        return [self.server.messaging.Send(send_pb2.SendRequest(
            endpoint='endpoints/alice',
            request=sip_pb2.SipRequest(method='OPTIONS', request_uri='sip:bob@example.org'),
            destination=types_pb2.Destination(host='127.0.0.1', port=port)), timeout=30)
                for _ in range(count)]

    def test_a_throttled_endpoint_paces_its_own_sends_until_it_is_changed(self):
        self.start()
        self.server.endpoints.UpdateEndpoint(endpoints_pb2.UpdateEndpointRequest(
            endpoint={'name': 'endpoints/alice', 'throttled': True}), timeout=10)
        listener = self.enterContext(SipListener())
        watcher = self.enterContext(Watcher(self.server, start=CHANGES_ONLY))
        listener.hold()
        calls = self.begin_sends(25, listener.address[1])
        started = watcher.wait_for('THROTTLING_STARTED', 'endpoints/alice')
        self.assertEqual(started.throttling.mechanism, event_pb2.Throttling.ENDPOINT)
        wait_for(lambda: self.metric('sipcm_throttled_requests_total', 'endpoint') == 6,
                 'six that wait')
        self.assertEqual(self.metric('sipcm_throttled', 'endpoint'), 1)
        wait_for(lambda: len(listener.requests()) == 19, 'as many as a server allows one client')
        self.server.endpoints.UpdateEndpoint(endpoints_pb2.UpdateEndpointRequest(
            endpoint={'name': 'endpoints/alice'}, update_mask={'paths': ['throttled']}),
                                             timeout=10)
        calls += self.begin_sends(1, listener.address[1])
        wait_for(lambda: len(listener.requests()) == 20, 'one that nothing holds back')
        listener.release()
        for call in calls:
            self.assertEqual(list(call)[-1].response.status_code, 200)
        watcher.wait_for('THROTTLING_ENDED', 'endpoints/alice')
        self.assertEqual(self.metric('sipcm_throttled', 'endpoint'), 0)

    def test_refused_marks_name_their_field(self):
        self.start()
        for marks, reason, field in (
                ({'high': 4, 'low': 5}, error_pb2.ErrorDetail.THROTTLE_MARKS_REVERSED, 'low'),
                ({'high': -1}, error_pb2.ErrorDetail.FIELD_OUT_OF_RANGE, 'high'),
                ({'high': 1, 'low': -1}, error_pb2.ErrorDetail.FIELD_OUT_OF_RANGE, 'low')):
            for name in ('connection_throttling', 'message_throttling'):
                with self.subTest(name, **marks), self.assertRaises(grpc.RpcError) as raised:
                    self.update_manager(**{name: types_pb2.ThrottleMarks(**marks)})
                self.assertEqual(raised.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
                detail = detail_of(raised.exception)
                self.assertEqual(detail.reason, reason)
                self.assertEqual(detail.field, 'connection_manager.%s.%s' % (name, field))


if __name__ == '__main__':
    unittest.main()
