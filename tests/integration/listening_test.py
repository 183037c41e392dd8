"""Start and stop of managers, as the acceptance scenarios want them."""

import socket
import unittest

import grpc
from google.protobuf import json_format

from proto.sipcm.v1 import (connection_manager_pb2, connection_managers_pb2, error_pb2)
from tests.integration.support.application import Application
from tests.integration.support.error_detail import detail_of
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager
from tests.integration.support.sip_peer import SipPeer, request
from tests.integration.support.waiting import wait_for

NAME = 'connectionManagers/edge'


class ListeningTest(unittest.TestCase):

    def setUp(self):
        self.server = self.enterContext(ServerProcess())

    def create(self, *addresses, **fields):
        manager = json_format.ParseDict(
            {'kind': 'SERVER_TCP',
             'listen_addresses': [{'host': host, 'port': port} for host, port in addresses],
             **fields}, connection_manager_pb2.ConnectionManager())
        return self.server.managers.CreateConnectionManager(
            connection_managers_pb2.CreateConnectionManagerRequest(
                connection_manager_id='edge', connection_manager=manager), timeout=10)

    def start(self):
        return self.server.managers.StartListening(
            connection_managers_pb2.StartListeningRequest(name=NAME), timeout=10)

    def stop(self):
        return self.server.managers.StopListening(
            connection_managers_pb2.StopListeningRequest(name=NAME), timeout=10)

    def assert_fails(self, call, code, reason):
        with self.assertRaises(grpc.RpcError) as failure:
            call()
        self.assertEqual(failure.exception.code(), code, failure.exception)
        self.assertEqual(
            error_pb2.ErrorDetail.Reason.Name(detail_of(failure.exception).reason), reason)
        return failure.exception.details()

    def test_scenario_1_port_zero_reports_the_real_port(self):
        self.create(('127.0.0.1', 0))
        manager = self.start()
        self.assertEqual(manager.state, connection_manager_pb2.ConnectionManager.LISTENING)
        bound = manager.bound_addresses[0]
        self.assertGreater(bound.port, 0)
        SipPeer((bound.host, bound.port)).close()

    def test_several_addresses_get_the_same_port(self):
        self.create(('127.0.0.1', 0), ('::1', 0))
        bound = self.start().bound_addresses
        self.assertEqual([address.host for address in bound], ['127.0.0.1', '::1'])
        self.assertEqual(bound[0].port, bound[1].port)
        for address in bound:
            with SipPeer((address.host, address.port)) as peer:
                peer.send(request())
                self.assertEqual(peer.read().status, 500)  # No endpoint: UCMA's answer.

    def test_scenario_1_second_start_and_second_stop_are_refused(self):
        self.create(('127.0.0.1', 0))
        self.assert_fails(self.stop, grpc.StatusCode.FAILED_PRECONDITION, 'NOT_LISTENING')
        self.start()
        self.assert_fails(self.start, grpc.StatusCode.FAILED_PRECONDITION, 'ALREADY_LISTENING')
        self.stop()
        self.assert_fails(self.stop, grpc.StatusCode.FAILED_PRECONDITION, 'NOT_LISTENING')
        self.start()

    def test_scenario_1_taken_address_is_named(self):
        with socket.create_server(('127.0.0.1', 0)) as taken:
            port = taken.getsockname()[1]
            self.create(('127.0.0.1', port))
            message = self.assert_fails(self.start, grpc.StatusCode.UNAVAILABLE, 'ADDRESS_IN_USE')
            self.assertIn('127.0.0.1:%d' % port, message)
        self.start()  # Free now.

    def test_a_tcp_manager_says_in_its_log_why_tls_is_better(self):
        warning = self.create(('127.0.0.1', 0)).warnings[0]
        self.assertIn('use SERVER_TLS', warning)
        wait_for(lambda: [line for line in self.server.log().splitlines()
                          if ' manager_warning ' in line and NAME in line and warning in line],
                 'line of the warning')

    def test_client_managers_never_listen(self):
        self.create(kind='CLIENT')
        self.assert_fails(self.start, grpc.StatusCode.FAILED_PRECONDITION,
                          'CLIENT_MANAGER_NEVER_LISTENS')

    def test_tls_without_certificate_does_not_start(self):

        def create_and_start():
            self.create(('127.0.0.1', 0), kind='SERVER_TLS')
            self.start()

        self.assert_fails(create_and_start, grpc.StatusCode.FAILED_PRECONDITION,
                          'CERTIFICATE_MISSING')

    def test_scenario_1_stop_leaves_established_connections_up(self):
        server = self.enterContext(ServerProcess({
            'connection_managers': [tcp_manager()],
            'endpoints': [endpoint('alice', 'sip:alice@example.com')]}))
        self.server = server
        with Application(server, 'alice'), SipPeer(server.sip_address()) as peer:
            peer.send(request())
            self.assertEqual(peer.read().status, 200)
            address = server.sip_address()
            self.stop()
            with self.assertRaises(OSError):
                SipPeer(address).close()
            peer.send(request())
            self.assertEqual(peer.read().status, 200)


if __name__ == '__main__':
    unittest.main()
