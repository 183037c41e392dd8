"""What the server tells those who watch, with real peers."""

import json
import os
import socket
import subprocess
import unittest

import grpc

from proto.sipcm.v1 import (connection_managers_pb2, connection_pb2, connection_pools_pb2,
                            connections_pb2, endpoint_pb2, endpoints_pb2, event_pb2, events_pb2,
                            events_pb2_grpc, peer_pb2, send_pb2, sip_pb2, types_pb2)
from tests.integration.support.authority import Authority
from tests.integration.support.server_process import (ServerProcess, endpoint, tcp_manager,
                                                      tls_config)
from tests.integration.support.sip_listener import SipListener
from tests.integration.support.sip_peer import SipPeer, request
from tests.integration.support.watcher import CHANGES_ONLY, Watcher, kind_of

EDGE = 'connectionManagers/edge'
CONFIG = {'connection_managers': [tcp_manager()],
          'endpoints': [endpoint('alice', 'sip:alice@example.com')]}


class EventsTest(unittest.TestCase):

    def setUp(self):
        self.server = self.enterContext(ServerProcess(CONFIG))

    def watch(self, **arguments):
        return self.enterContext(Watcher(self.server, **arguments))

    def test_watch_begins_with_what_there_is(self):
        with SipPeer(self.server.sip_address()) as peer:
            peer.send(request())
            peer.read()
            watcher = self.watch()
        snapshot = watcher.events()[:4]
        self.assertEqual([kind_of(event) for event in snapshot], ['EXISTING'] * 3 + ['SYNCED'])
        manager, connection, alice = [event for event in snapshot[:3]]
        self.assertEqual(manager.connection_manager.name, EDGE)
        self.assertEqual(manager.connection_manager.bound_addresses[0].host, '127.0.0.1')
        self.assertEqual(connection.connection.state, connection_pb2.Connection.ESTABLISHED)
        self.assertEqual(alice.endpoint.address, 'sip:alice@example.com')

    def test_connection_is_told_from_its_opening_to_its_end(self):
        watcher = self.watch()
        with SipPeer(self.server.sip_address()) as peer:
            peer.send(request())
            peer.read()
            opened = watcher.wait_for('CONNECTION_ESTABLISHED')
        closed = watcher.wait_for('CONNECTION_CLOSED', opened.name)
        self.assertEqual(watcher.lines(opened.name),
                         ['CONNECTION_OPENED', 'CONNECTION_ESTABLISHED', 'CONNECTION_CLOSED'])
        self.assertEqual(closed.connection.close_reason, connection_pb2.Connection.PEER_CLOSED)
        self.assertEqual(closed.connection.state, connection_pb2.Connection.CLOSED)
        self.assertGreater(closed.connection.statistics.received_byte_count, 0)
        self.assertEqual(closed.connection.remote_address.host, '127.0.0.1')
        self.assertTrue(closed.HasField('event_time'))
        # Numbered without holes.
        numbers = [event.sequence for event in watcher.events()]
        synced = watcher.lines().index('SYNCED')
        self.assertEqual(numbers[synced:], list(range(numbers[synced], numbers[-1] + 1)))

    def test_pool_is_told_before_and_after_its_connections(self):
        watcher = self.watch()
        with SipListener() as listener:
            host, port = listener.address
            sent = list(self.server.messaging.Send(
                send_pb2.SendRequest(
                    endpoint='endpoints/alice',
                    request=sip_pb2.SipRequest(method='OPTIONS', request_uri='sip:b@example.org'),
                    destination=types_pb2.Destination(host=host, port=port,
                                                      transport=types_pb2.TCP)), timeout=30))
            self.assertEqual(sent[-1].response.status_code, 200)
            name = '%s/pools/tcp:%s:%d' % (EDGE, host, port)
            opened = watcher.wait_for('CONNECTION_ESTABLISHED')
            self.assertEqual(opened.connection.pool, name)
            self.assertEqual(opened.connection.direction, types_pb2.OUTGOING)
            self.server.connections.CloseConnection(
                connections_pb2.CloseConnectionRequest(name=opened.name), timeout=10)
            watcher.wait_for('CONNECTION_CLOSED', opened.name)
            self.server.pools.DeleteConnectionPool(
                connection_pools_pb2.DeleteConnectionPoolRequest(name=name), timeout=10)
            watcher.wait_for('POOL_REMOVED', name)
        about = [kind_of(event) for event in watcher.events()
                 if event.name in (name, opened.name)]
        self.assertEqual([line for line in about if line != 'POOL_CHANGED'],
                         ['POOL_ADDED', 'CONNECTION_OPENED', 'CONNECTION_ESTABLISHED',
                          'CONNECTION_CLOSED', 'POOL_REMOVED'])

    def test_endpoint_is_told_when_it_comes_changes_and_goes(self):
        watcher = self.watch(names=['endpoints/bob'])
        self.server.endpoints.CreateEndpoint(
            endpoints_pb2.CreateEndpointRequest(
                endpoint_id='bob', endpoint=endpoint_pb2.Endpoint(
                    kind=endpoint_pb2.Endpoint.PEER_TO_PEER, address='sip:bob@example.com',
                    connection_manager=EDGE)), timeout=10)
        self.server.endpoints.UpdateEndpoint(
            endpoints_pb2.UpdateEndpointRequest(
                endpoint=endpoint_pb2.Endpoint(name='endpoints/bob', display_name='Bob')),
            timeout=10)
        self.server.endpoints.DeleteEndpoint(
            endpoints_pb2.DeleteEndpointRequest(name='endpoints/bob'), timeout=10)
        removed = watcher.wait_for('ENDPOINT_REMOVED', 'endpoints/bob')
        self.assertEqual(watcher.lines(),
                         ['SYNCED', 'ENDPOINT_ADDED', 'ENDPOINT_CHANGED', 'ENDPOINT_REMOVED'])
        self.assertEqual(removed.endpoint.display_name, 'Bob')

    def test_listening_is_told_as_it_ends_and_begins_again(self):
        watcher = self.watch(names=[EDGE], start=CHANGES_ONLY)
        self.server.managers.StopListening(
            connection_managers_pb2.StopListeningRequest(name=EDGE), timeout=10)
        started = self.server.managers.StartListening(
            connection_managers_pb2.StartListeningRequest(name=EDGE), timeout=10)
        watcher.wait_for('CONNECTION_MANAGER_STATE', EDGE, count=3)
        states = [event.connection_manager for event in watcher.events(EDGE)]
        names = [type(state).State.Name(state.state) for state in states]
        self.assertEqual(names, ['STOPPING', 'IDLE', 'LISTENING'])
        self.assertEqual(states[2].bound_addresses, started.bound_addresses)
        self.assertEqual(states[2].kind, started.kind)

    def test_filters_pass_only_what_is_asked_for(self):
        closings = self.watch(kinds=['CONNECTION_CLOSED'], start=CHANGES_ONLY)
        below_edge = self.watch(names=[EDGE + '/*'], start=CHANGES_ONLY)
        elsewhere = self.watch(names=['connectionManagers/other/*', 'endpoints/*'],
                               start=CHANGES_ONLY)
        with SipPeer(self.server.sip_address()) as peer:
            peer.send(request())
            peer.read()
        below_edge.wait_for('CONNECTION_CLOSED')
        closings.wait_for('CONNECTION_CLOSED')
        self.assertEqual(closings.lines(), ['SYNCED', 'CONNECTION_CLOSED'])
        self.assertEqual(below_edge.lines(), ['SYNCED', 'CONNECTION_OPENED',
                                              'CONNECTION_ESTABLISHED', 'CONNECTION_CLOSED'])
        self.server.endpoints.DeleteEndpoint(
            endpoints_pb2.DeleteEndpointRequest(name='endpoints/alice'), timeout=10)
        elsewhere.wait_for('ENDPOINT_REMOVED')
        self.assertEqual(elsewhere.lines(), ['SYNCED', 'ENDPOINT_REMOVED'])

    def test_reader_that_does_not_read_gets_a_gap_and_a_fresh_snapshot(self):
        others = self.watch(kinds=['CONNECTION_CLOSED'], start=CHANGES_ONLY)
        # Left alone, gRPC itself would take in a few megabytes for a reader that does not read.
        channel = self.enterContext(grpc.insecure_channel(
            self.server.grpc_address, options=[('grpc.http2.bdp_probe', 0),
                                               ('grpc.http2.lookahead_bytes', 65535)]))
        call = events_pb2_grpc.EventsStub(channel).Watch(events_pb2.WatchRequest())
        stream = iter(call)
        while kind_of(next(stream)) != 'SYNCED':
            pass
        count = 1500
        address = self.server.sip_address()
        for _ in range(count):
            socket.create_connection(address).close()
        others.wait_for('CONNECTION_CLOSED', count=count)
        last = 0
        for event in stream:
            if event.kind == event_pb2.Event.GAP:
                break
            self.assertGreater(event.sequence, last)
            last = event.sequence
        self.assertGreater(event.gap.lost_count, 0)
        self.assertLess(event.gap.lost_count, 3 * count)
        fresh = [event]
        while kind_of(fresh[-1]) != 'SYNCED':
            fresh.append(next(stream))
        self.assertEqual([event.name for event in fresh[1:-1]], [EDGE, 'endpoints/alice'])
        with SipPeer(address):
            self.assertEqual(kind_of(next(stream)), 'CONNECTION_OPENED')
        call.cancel()

    def test_watchers_read_of_the_drain_and_then_why_their_streams_end(self):
        watcher = self.watch()
        self.server.signal()
        watcher.wait_for('SERVER_STATE', 'server')
        self.server.process.wait(30)
        self.assertEqual(watcher.status.code(), grpc.StatusCode.UNAVAILABLE)

    def test_command_line_prints_a_line_for_each(self):
        def run(*words):
            done = subprocess.run(['clients/cli/sipcm', 'watch', *words], text=True, timeout=60,
                                  env=dict(os.environ, SIPCM_SERVER=self.server.grpc_address),
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            return done.returncode, done.stdout, done.stderr
        status, lines, _ = run('--count', '3')
        self.assertEqual(status, 0)
        self.assertIn('EXISTING  %s  state=LISTENING' % EDGE, lines.splitlines()[0])
        self.assertIn('EXISTING  endpoints/alice', lines.splitlines()[1])
        self.assertIn('SYNCED', lines.splitlines()[2])
        status, lines, _ = run('endpoints/alice', '--count', '1', '--json')
        self.assertEqual(json.loads(lines)['endpoint']['name'], 'endpoints/alice')
        status, _, error = run('alice')
        self.assertEqual(status, 1)
        self.assertIn('reason=INVALID_NAME', error)
        status, _, error = run('--kind', 'NOTHING')
        self.assertEqual(status, 2)


class RefusedPeerTest(unittest.TestCase):

    def test_refused_handshake_is_told_with_its_whole_story(self):
        authority = self.enterContext(Authority())
        own = authority.issue('server', 'DNS:localhost,IP:127.0.0.1')
        server = self.enterContext(ServerProcess(
            tls_config(own, authority, ['.example.com'], mutual_tls='REQUIRE')))
        watcher = self.enterContext(Watcher(server, names=[EDGE + '/*']))
        stranger = authority.issue('evil', 'DNS:sip.evilexample.com')
        host, port = server.sip_address()
        subprocess.run(['openssl', 's_client', '-connect', '%s:%d' % (host, port), '-servername',
                        'localhost', '-cert', stranger + '.pem', '-key', stranger + '.key',
                        '-quiet'], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=30, check=False)
        told = watcher.wait_for('PEER_REFUSED')
        refused = told.peer_refused
        self.assertEqual(refused.direction, types_pb2.INCOMING)
        self.assertEqual((refused.local_address.host, refused.local_address.port), (host, port))
        self.assertEqual(refused.remote_address.host, '127.0.0.1')
        self.assertEqual(refused.server_name, 'localhost')
        self.assertEqual(refused.verdict.decision, peer_pb2.PeerVerdict.DENIED)
        self.assertEqual(refused.verdict.rule, peer_pb2.PeerVerdict.NOT_IN_ALLOWED_DOMAINS)
        self.assertIn('sip.evilexample.com', refused.verdict.tested_names)
        self.assertTrue(refused.verdict.alert)
        self.assertEqual(list(refused.chain[0].dns_names), ['sip.evilexample.com'])
        self.assertEqual(len(refused.chain[0].fingerprint), 32)
        closed = watcher.wait_for('CONNECTION_CLOSED', told.name)
        self.assertEqual(closed.connection.close_reason, connection_pb2.Connection.NOT_ALLOWED)
        self.assertEqual(watcher.lines(told.name),
                         ['CONNECTION_OPENED', 'PEER_REFUSED', 'CONNECTION_CLOSED'])


if __name__ == '__main__':
    unittest.main()
