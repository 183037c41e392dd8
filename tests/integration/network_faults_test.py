"""Peers that vanish, addresses that are lost and roads that are bad, with the kernel's own TCP
(reliability.md, rows 13, 34, 35 and 36). Where no network namespace can be made they fail, or are
skipped when SIPCM_ALLOW_SKIPS is set."""

import os
import threading
import time
import unittest

from proto.sipcm.v1 import connection_pb2, connection_pools_pb2, send_pb2, sip_pb2, types_pb2
from tests.integration.support.application import Application
from tests.integration.support.bystander_case import BystanderCase
from tests.integration.support.dns_server import DnsServer
from tests.integration.support.network_link import (FAR, FAR6, HOME, NetworkLink, why_impossible)
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager
from tests.integration.support.sip_listener import SipListener
from tests.integration.support.sip_peer import SipPeer, request
from tests.integration.support.waiting import wait_for
from tests.integration.support.watcher import CHANGES_ONLY, Watcher, kind_of

_LINK = []  # the module's one


def setUpModule():
    why = why_impossible()
    if why and os.environ.get('SIPCM_ALLOW_SKIPS'):
        raise unittest.SkipTest(why)
    if why:
        raise RuntimeError(why + '; run the tests as root with /dev/net/tun, or set '
                           'SIPCM_ALLOW_SKIPS to leave these out')
    _LINK.append(unittest.enterModuleContext(NetworkLink()))


class NetworkCase(BystanderCase):
    """A server whose manager "edge" listens on HOME and on 127.0.0.1."""

    SETTINGS = {}

    def setUp(self):
        self.link = _LINK[0]
        self.addCleanup(self.link.restore, *FAR, *FAR6)
        self.addCleanup(self.link.degrade)
        self.dns = self.enterContext(DnsServer())
        self.server = self.enterContext(ServerProcess(
            self.beside({'connection_managers': [tcp_manager(
                listen_addresses=[{'host': HOME, 'port': 0}, {'host': '127.0.0.1', 'port': 0}],
                **self.SETTINGS)],
                         'endpoints': [endpoint('alice', 'sip:alice@example.com')]}),
            flags=['--dns_servers=' + self.dns.address]))
        self.begin_bystander(self.server)
        self.events = self.enterContext(Watcher(self.server, start=CHANGES_ONLY))

    def listener(self, host=FAR[0], port=0):
        with self.link.far():
            return self.enterContext(SipListener(address=(host, port)))

    def peer(self):
        with self.link.far():
            return self.enterContext(SipPeer(self.server.sip_address()))

    def send(self, host, port, body=b'', timeout=None):
        """All events of one MESSAGE."""
        order = send_pb2.SendRequest(
            endpoint='endpoints/alice',
            request=sip_pb2.SipRequest(
                method='MESSAGE', request_uri='sip:bob@example.org', body=body,
                headers=[sip_pb2.SipHeader(name='Content-Type', value='text/plain')]),
            destination=types_pb2.Destination(host=host, port=port))
        if timeout is not None:
            order.timeout.FromSeconds(timeout)
        return list(self.server.messaging.Send(order, timeout=120))

    def assert_reaches(self, host, port):
        """The address that it reached."""
        events = self.send(host, port)
        self.assertEqual(events[-1].response.status_code, 200, events)
        return events[-2].sent.target.host

    def pool(self, host, port):
        return self.server.pools.GetConnectionPool(
            connection_pools_pb2.GetConnectionPoolRequest(
                name='connectionManagers/edge/pools/tcp:%s:%d' % (host, port)), timeout=10)

    def closed(self):
        """The reasons of all connections that ended."""
        return [connection_pb2.Connection.CloseReason.Name(event.connection.close_reason)
                for event in self.events.events() if kind_of(event) == 'CONNECTION_CLOSED']


class Row34BlackHoleTest(NetworkCase):

    SETTINGS = {'connect_timeout': '2s'}

    def test_syn_black_hole_costs_its_sender_the_connect_limit_and_others_nothing(self):
        port = self.listener().address[1]
        self.link.swallow(FAR[1])
        ended = []
        begin = time.monotonic()
        thread = threading.Thread(
            target=lambda: ended.append((self.send(FAR[1], port)[-1].failure, time.monotonic())))
        thread.start()
        for _ in range(50):
            self.assertEqual(self.assert_reaches(FAR[0], port), FAR[0])
        self.assertEqual(ended, [], 'it was over before the others were served')
        thread.join()
        failure, end = ended[0]
        self.assertGreaterEqual(end - begin, 2)
        self.assertEqual(failure.cause, send_pb2.SendFailure.CONNECT_TIMEOUT, failure)
        self.assertEqual(failure.written, send_pb2.SendFailure.NOTHING)
        self.assertIn(FAR[1], failure.explanation)
        self.assertEqual((failure.target.host, failure.target.port), (FAR[1], port))
        failed = self.events.wait_for('CONNECTION_FAILED')
        self.assertEqual(failed.name, 'connectionManagers/edge/pools/tcp:%s:%d' % (FAR[1], port))
        self.assertEqual(failed.connection.close_reason, connection_pb2.Connection.CONNECT_TIMEOUT)
        self.assertEqual(failed.connection.remote_address.host, FAR[1])

    def test_dead_address_is_passed_by_and_used_again_when_it_is_back(self):
        port = self.listener(FAR[1]).address[1]
        second = self.listener(FAR[2], port)
        self.dns.set('A', 'two.example.net', FAR[1], FAR[2])
        self.link.swallow(FAR[1])
        begin = time.monotonic()
        self.assertEqual(self.assert_reaches('two.example.net', port), FAR[2])
        self.assertLess(time.monotonic() - begin, 2, 'the connect limit of the dead one ran out')
        second.close_connections()
        wait_for(lambda: self.server.connection_count('edge') == 0, 'no connections')
        self.link.restore(FAR[1])
        self.link.swallow(FAR[2])
        self.assertEqual(self.assert_reaches('two.example.net', port), FAR[1])


class Row13VanishedPeerTest(NetworkCase):

    SETTINGS = {'ping_interval': '1s', 'pong_timeout': '1s', 'default_max_connection_count': 1,
                'default_incoming_connection_timeout': '2s'}

    def test_half_open_peer_is_found_by_keep_alive_and_its_requests_go_elsewhere(self):
        first = self.listener(FAR[1])
        port = first.address[1]
        second = self.listener(FAR[2], port)
        self.dns.set('A', 'two.example.net', FAR[1], FAR[2])
        reached = self.assert_reaches('two.example.net', port)
        used, other = (first, second) if reached == FAR[1] else (second, first)
        used.hold()
        self.link.swallow(reached)
        failure = self.send('two.example.net', port)[-1].failure
        self.assertEqual(failure.cause, send_pb2.SendFailure.CONNECTION_LOST, failure)
        self.events.wait_for('CONNECTION_CLOSED')
        self.assertEqual(self.closed(), ['PONG_TIMEOUT'])
        self.assertEqual(self.pool('two.example.net', port).statistics.live_connection_count, 0)
        self.assert_reaches('two.example.net', port)
        self.assertEqual(len(other.requests()), 1)

    def test_half_open_caller_is_closed_at_the_idle_limit(self):
        self.enterContext(Application(self.server, 'alice'))
        peer = self.peer()
        peer.send(request())
        self.assertEqual(peer.read().status, 200)
        self.link.swallow(*FAR)
        self.events.wait_for('CONNECTION_CLOSED')
        self.assertEqual(self.closed(), ['IDLE'])
        wait_for(lambda: self.server.connection_count('edge') == 0, 'no connections')

    def test_own_address_that_is_lost_and_comes_back_costs_nobody_else_anything(self):
        self.enterContext(Application(self.server, 'alice'))
        port = self.listener().address[1]
        peer = self.peer()
        with self.link.without_home_address():
            failure = self.send(FAR[0], port)[-1].failure
            self.assertEqual(failure.cause, send_pb2.SendFailure.UNREACHABLE, failure)
            with SipPeer(('127.0.0.1', self.server.sip_address()[1])) as neighbour:
                neighbour.send(request())
                self.assertEqual(neighbour.read().status, 200)
        peer.send(request())
        self.assertEqual(peer.read().status, 200)
        wait_for(lambda: self.send(FAR[0], port)[-1].response.status_code == 200,
                 'request to the far side')


class Row35FamiliesTest(NetworkCase):

    def test_name_with_ipv6_addresses_only_is_reached(self):
        port = self.listener(FAR6[0]).address[1]
        self.dns.set('AAAA', 'six.example.net', FAR6[0])
        self.assertEqual(self.assert_reaches('six.example.net', port), FAR6[0])

    def test_family_whose_road_is_broken_costs_a_quarter_of_a_second(self):
        port = self.listener(FAR[3]).address[1]
        self.dns.set('AAAA', 'both.example.net', FAR6[3])
        self.dns.set('A', 'both.example.net', FAR[3])
        self.link.swallow(FAR6[3])
        begin = time.monotonic()
        self.assertEqual(self.assert_reaches('both.example.net', port), FAR[3])
        taken = time.monotonic() - begin
        self.assertGreaterEqual(taken, 0.25, 'IPv6 was not tried first')
        self.assertLess(taken, 1)


class Row36BadRoadTest(NetworkCase):
    """10 % loss, 4 Mbit/s, 300 ± 100 ms each way. What may pass without a message is less than the
    tests last, and more than such a road holds one up."""

    QUIET_SECONDS = 10
    SETTINGS = {'default_incoming_connection_timeout': '10s',
                'default_outgoing_connection_timeout': '10s', 'default_max_connection_count': 1,
                'connect_timeout': '30s', 'connection_wait_timeout': '30s', 'ping_interval': '1s',
                'pong_timeout': '10s'}
    BODIES = [bytes([number]) * (20 * number) for number in range(1, 61)]

    def setUp(self):
        super().setUp()
        self.link.degrade(loss=0.1, delay=0.3, jitter=0.1, bits_per_second=4e6)

    def keep_talking(self, say):
        """Calls it, with a second between, until the limits of those who say nothing are over."""
        end = time.monotonic() + 1.3 * self.QUIET_SECONDS
        while time.monotonic() < end:
            say()
            time.sleep(1)

    def test_requests_of_a_peer_come_whole_once_and_in_order(self):
        application = self.enterContext(Application(self.server, 'alice'))
        peer = self.peer()
        for body in self.BODIES:
            peer.send(request('MESSAGE', body=body))
        answers = [peer.read(120) for _ in self.BODIES]
        self.assertEqual([answer and answer.status for answer in answers], [200] * len(self.BODIES))
        self.assertEqual([delivery.request.body for delivery in application.requests()],
                         self.BODIES)
        self.assertEqual(self.closed(), [])
        self.assertGreater(self.link.lost_count, 0)

    def test_peer_that_says_something_now_and_then_is_not_idle(self):
        self.enterContext(Application(self.server, 'alice'))
        peer = self.peer()
        self.keep_talking(lambda: peer.send(request()))
        self.assertEqual(peer.read(120).status, 200)
        self.assertEqual(self.closed(), [])

    def test_peer_that_is_asked_now_and_then_is_neither_idle_nor_mute(self):
        port = self.listener().address[1]
        self.keep_talking(lambda: self.send(FAR[0], port, timeout=120))
        pool = self.pool(FAR[0], port).statistics
        self.assertEqual((pool.opened_connection_count, pool.closed_connection_count),
                         (pool.live_connection_count, 0))
        self.assertEqual(self.closed(), [])

    def test_requests_to_a_peer_are_all_answered(self):
        listener = self.listener()
        answered = []

        def send(body):
            answered.append(self.send(FAR[0], listener.address[1], body, timeout=120)[-1])

        threads = [threading.Thread(target=send, args=(body,)) for body in self.BODIES[::3]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([event.response.status_code for event in answered], [200] * len(threads))
        self.assertEqual(sorted(request.body for _, request in listener.requests()),
                         sorted(self.BODIES[::3]))
        self.assertEqual(self.closed(), [])


if __name__ == '__main__':
    unittest.main()
