"""Pools of outgoing connections over the API, with real sockets."""

import collections
import contextlib
import socket
import time
import unittest

import grpc

from proto.sipcm.v1 import (connection_managers_pb2, connection_manager_pb2, connection_pool_pb2,
                            connection_pools_pb2, send_pb2, sip_pb2, types_pb2)
from google.protobuf import field_mask_pb2
from tests.integration.support.bystander_case import BystanderCase
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager
from tests.integration.support.sip_listener import SipListener
from tests.integration.support.waiting import wait_for

Pool = connection_pool_pb2.ConnectionPool


@contextlib.contextmanager
def full_listener():
    """The address of a listener whose queue is full: connects to it are never answered."""
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        listener.listen(0)
        with contextlib.ExitStack() as stack:
            while True:
                client = stack.enter_context(socket.socket())
                client.settimeout(0.2)
                try:
                    client.connect(listener.getsockname())
                except TimeoutError:
                    break
            yield listener.getsockname()


class PoolCase(unittest.TestCase):
    manager_settings = {}

    def config(self):
        return {'connection_managers': [tcp_manager(**self.manager_settings)],
                'endpoints': [endpoint('alice', 'sip:alice@example.com')]}

    def setUp(self):
        self.server = self.enterContext(ServerProcess(self.config()))
        self.listener = self.enterContext(SipListener())
        self.port = self.listener.address[1]

    def name(self, host='127.0.0.1', port=None):
        return 'connectionManagers/edge/pools/tcp:%s:%d' % (host, port or self.port)

    def set(self, host='127.0.0.1', port=None, **settings):
        """Changes the pool, which may not be there yet."""
        return self.server.pools.UpdateConnectionPool(
            connection_pools_pb2.UpdateConnectionPoolRequest(
                connection_pool=Pool(name=self.name(host, port), **settings)), timeout=10)

    def pool(self, host='127.0.0.1', port=None):
        return self.server.pools.GetConnectionPool(
            connection_pools_pb2.GetConnectionPoolRequest(name=self.name(host, port)), timeout=10)

    def statistics(self):
        return self.pool().statistics

    def begin(self, host='127.0.0.1', port=None):
        """A call of Send for one OPTIONS."""
        return self.server.messaging.Send(send_pb2.SendRequest(
            endpoint='endpoints/alice',
            request=sip_pb2.SipRequest(method='OPTIONS', request_uri='sip:bob@example.org'),
            destination=types_pb2.Destination(host=host, port=port or self.port,
                                              transport=types_pb2.TCP)), timeout=30)

    def begin_held(self):
        """The same, once it is with the listener, which holds its answer."""
        before = len(self.listener.requests())
        call = self.begin()
        wait_for(lambda: len(self.listener.requests()) > before, 'request at the listener')
        return call

    def send(self, count=1, host='127.0.0.1'):
        """That many requests, one after the other."""
        for _ in range(count):
            self.assert_answered(self.begin(host))

    def assert_answered(self, call):
        events = list(call)
        self.assertEqual(events[-1].response.status_code, 200, events)

    def assert_fails(self, call, cause):
        failure = list(call)[-1].failure
        self.assertEqual(send_pb2.SendFailure.Cause.Name(failure.cause), cause, failure)
        return failure

    def assert_refused(self, code, word, call):
        with self.assertRaises(grpc.RpcError) as caught:
            call()
        self.assertEqual(caught.exception.code(), code)
        self.assertIn(word, caught.exception.details())


class SelectionTest(PoolCase):
    """Scenario 2 of semantics.md 11, and the other policies."""

    def test_scenario_2_three_are_opened_then_used_in_turn(self):
        self.set(max_connection_count=3)
        self.send(9)
        self.assertEqual(self.listener.connections(), [1, 2, 3] * 3)

    def test_scenario_2_two_names_of_one_address_are_two_pools(self):
        self.set('127.0.0.1', max_connection_count=1)
        self.set('localhost', max_connection_count=1)
        self.send(2, '127.0.0.1')
        self.send(2, 'LOCALHOST')
        self.assertEqual(self.listener.connections(), [1, 1, 2, 2])

    def test_scenario_2_zero_is_refused_and_leaves_what_was_in_force(self):
        self.set(max_connection_count=2)
        for count in (0, -1):
            self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT,
                                'connection_pool.max_connection_count: %d' % count,
                                lambda count=count: self.set(max_connection_count=count))
        self.assertEqual(self.pool().max_connection_count, 2)

    def test_scenario_2_the_largest_maximum_opens_one_for_each_request(self):
        self.set(max_connection_count=2147483647)
        self.send(7)
        self.assertEqual(self.listener.connections(), [1, 2, 3, 4, 5, 6, 7])
        wait_for(lambda: not self.listener.open_connections(), 'end of the used connections')

    def test_reuse_first_opens_one_more_only_when_all_are_busy(self):
        self.set(max_connection_count=3, selection=Pool.REUSE_FIRST)
        self.send(4)
        self.assertEqual(self.listener.connections(), [1] * 4)
        self.listener.hold()
        first, second = self.begin_held(), self.begin_held()
        self.assertEqual(self.listener.connections()[4:], [1, 2])
        self.listener.release()
        self.assert_answered(first)
        self.assert_answered(second)

    def test_least_outstanding_takes_the_one_with_the_fewest(self):
        self.set(max_connection_count=2, selection=Pool.LEAST_OUTSTANDING)
        self.listener.hold()
        calls = [self.begin_held() for _ in range(6)]
        self.assertEqual(self.listener.connections(), [1, 2] * 3)
        self.listener.release(2)
        for call in calls[1::2]:
            self.assert_answered(call)
        calls = calls[0::2] + [self.begin_held() for _ in range(2)]
        self.assertEqual(self.listener.connections()[6:], [2, 2])
        self.listener.release()
        for call in calls:
            self.assert_answered(call)

    def test_the_policy_changes_while_the_pool_lives(self):
        self.set(max_connection_count=3)
        self.send(2)
        self.set(selection=Pool.REUSE_FIRST)
        self.send(4)
        self.assertEqual(self.listener.connection_count(), 2)
        self.set(selection=Pool.GROW_FIRST)
        self.send(1)
        self.assertEqual(self.listener.connection_count(), 3)


class LoadTest(PoolCase, BystanderCase):
    """Rows 31 to 33 of reliability.md."""
    manager_settings = {'connection_wait_timeout': '30s'}

    def config(self):
        return self.beside(super().config())

    def setUp(self):
        super().setUp()
        self.begin_bystander(self.server)

    def test_row_31_a_hundred_at_once_open_no_more_than_the_maximum_and_go_round(self):
        for most in (1, 4, 60):
            with self.subTest(most), SipListener() as self.listener:
                self.port = self.listener.address[1]
                self.set(max_connection_count=most)
                self.listener.hold()
                calls = [self.begin() for _ in range(100)]
                wait_for(lambda: len(self.listener.requests()) == 100, 'requests at the listener')
                self.listener.release()
                for call in calls:
                    self.assert_answered(call)
                used = collections.Counter(self.listener.connections())
                self.assertEqual(self.listener.connection_count(), most)
                self.assertEqual(len(used), most)
                self.assertLessEqual(max(used.values()) - min(used.values()), 1, used)

    def test_row_31_a_hundred_at_once_without_sharing_have_one_each(self):
        self.set(max_connection_count=2147483647)
        self.listener.hold()
        calls = [self.begin() for _ in range(100)]
        wait_for(lambda: len(self.listener.requests()) == 100, 'requests at the listener')
        self.assertEqual(sorted(self.listener.connections()), list(range(1, 101)))
        self.listener.release()
        for call in calls:
            self.assert_answered(call)

    def test_row_32_a_member_reset_under_load_loses_nothing_silently_and_is_replaced(self):
        self.set(max_connection_count=4)
        self.send(4)
        calls = [self.begin() for _ in range(100)]
        self.listener.reset(2)
        reset = time.monotonic()
        calls += [self.begin() for _ in range(100)]
        wait_for(lambda: len(self.listener.open_connections() - {2}) == 4, 'four connections')
        self.assertLess(time.monotonic() - reset, 1)
        failures = []
        for call in calls:
            last = list(call)[-1]
            if last.HasField('failure'):
                failures.append(last.failure)
            else:
                self.assertEqual(last.response.status_code, 200)
        for failure in failures:
            self.assertEqual(failure.cause, send_pb2.SendFailure.CONNECTION_LOST, failure)
            self.assertNotEqual(failure.written, send_pb2.SendFailure.NOTHING, failure)
        print('%d of 200 were lost with their connection, and said so' % len(failures))
        self.send(4)
        self.assertEqual(self.statistics().live_connection_count, 4)
        self.assertEqual(self.listener.connection_count(), 5)

    def test_row_33_a_thousand_requests_to_a_target_that_refuses_fail_fast_and_find_it_again(self):
        with socket.create_server(('127.0.0.1', 0)) as taken:
            port = taken.getsockname()[1]
        begin = time.monotonic()
        for _ in range(10):
            for call in [self.begin(port=port) for _ in range(100)]:
                self.assert_fails(call, 'CONNECT_REFUSED')
        seconds = time.monotonic() - begin
        attempts = self.pool(port=port).statistics.failure_counts['CONNECT_REFUSED']
        print('%d attempts for 1,000 requests in %.1f s' % (attempts, seconds))
        self.assertLessEqual(attempts, 10 * (seconds + 1))
        with SipListener(address=('127.0.0.1', port)):
            wait_for(lambda: list(self.begin(port=port))[-1].response.status_code == 200,
                     'the target that is back')


class DefaultsTest(PoolCase):
    """What a manager says of its pools."""

    manager_settings = {'default_selection': 'REUSE_FIRST', 'default_max_connection_count': 2,
                        'default_min_connection_count': 2}

    def test_a_new_pool_has_its_managers_settings(self):
        self.send(1)
        wait_for(lambda: self.listener.connection_count() == 2, 'second warm connection')
        pool = self.pool()
        self.assertEqual((pool.max_connection_count, pool.min_connection_count, pool.selection),
                         (2, 2, Pool.REUSE_FIRST))

    def test_changed_defaults_are_for_pools_made_later(self):
        self.send(1)
        self.server.managers.UpdateConnectionManager(
            connection_managers_pb2.UpdateConnectionManagerRequest(
                connection_manager=connection_manager_pb2.ConnectionManager(
                    name='connectionManagers/edge', default_max_connection_count=7,
                    default_min_connection_count=0,
                    default_selection=Pool.LEAST_OUTSTANDING),
                update_mask=field_mask_pb2.FieldMask(
                    paths=['default_max_connection_count', 'default_min_connection_count',
                           'default_selection'])), timeout=10)
        self.assertEqual(self.pool().max_connection_count, 2)
        self.send(1, 'localhost')
        pool = self.pool('localhost')
        self.assertEqual((pool.max_connection_count, pool.min_connection_count, pool.selection),
                         (7, 0, Pool.LEAST_OUTSTANDING))


class SizeTest(PoolCase):
    """How many connections there are."""

    def test_a_minimum_is_open_before_the_first_request_and_replaced(self):
        self.set(min_connection_count=2, max_connection_count=4)
        wait_for(lambda: self.listener.open_connections() == {1, 2}, 'two warm connections')
        self.assertEqual(self.pool().state, Pool.ACTIVE)
        self.listener.drop(1)
        wait_for(lambda: self.listener.open_connections() == {2, 3}, 'replacement')
        self.assertEqual(self.statistics().request_count, 0)

    def test_a_minimum_above_the_maximum_is_refused(self):
        self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT,
                            'connection_pool.min_connection_count: 4',
                            lambda: self.set(min_connection_count=4, max_connection_count=3))

    def test_a_lower_maximum_drains_the_surplus(self):
        self.set(max_connection_count=3)
        self.listener.hold()
        calls = [self.begin_held() for _ in range(3)]
        self.set(max_connection_count=1)
        statistics = self.statistics()
        self.assertEqual((statistics.live_connection_count, statistics.draining_connection_count,
                          statistics.outstanding_request_count), (1, 2, 3))
        self.listener.release()
        for call in calls:
            self.assert_answered(call)
        wait_for(lambda: self.listener.open_connections() == {1}, 'end of the surplus')
        self.send(3)
        self.assertEqual(self.listener.connections()[3:], [1, 1, 1])

    def test_a_raised_maximum_is_used_by_the_next_requests(self):
        self.set(max_connection_count=1)
        self.send(2)
        self.set(max_connection_count=3)
        self.send(3)
        self.assertEqual(self.listener.connections(), [1, 1, 2, 3, 1])

    def test_an_auto_size_begins_small_and_shows_its_choice(self):
        pool = self.set(max_connection_count=8, sizing=Pool.AUTO)
        self.assertEqual((pool.sizing, pool.target_connection_count), (Pool.AUTO, 1))
        self.send(3)
        self.assertEqual(self.listener.connections(), [1, 1, 1])
        pool = self.set(sizing=Pool.FIXED)
        self.assertEqual(pool.target_connection_count, 8)
        self.send(1)
        self.assertEqual(self.listener.connection_count(), 2)


class WaitingTest(PoolCase):
    """Who waits for a connection does so within bounds."""

    manager_settings = {'connection_wait_timeout': '0.3s', 'connect_timeout': '3600s',
                        'limits': {'max_waiting_request_count': 1}}

    def test_the_line_is_bounded_in_number_and_in_time(self):
        _, port = self.enterContext(full_listener())
        self.set(port=port, max_connection_count=1)
        opener = self.begin(port=port)
        wait_for(lambda: self.pool(port=port).statistics.waiting_request_count == 1, 'opener')
        waiter = self.begin(port=port)
        wait_for(lambda: self.pool(port=port).statistics.waited_count == 2 or
                 self.pool(port=port).statistics.refused_count == 1, 'waiter')
        failure = self.assert_fails(waiter, 'WAIT_TIMEOUT')
        self.assertEqual(failure.code, grpc.StatusCode.DEADLINE_EXCEEDED.value[0])
        self.assertEqual(failure.written, send_pb2.SendFailure.NOTHING)
        # Two at once: one has the only place in the line.
        calls = [self.begin(port=port), self.begin(port=port)]
        causes = sorted(send_pb2.SendFailure.Cause.Name(list(call)[-1].failure.cause)
                        for call in calls)
        self.assertEqual(causes, ['WAIT_QUEUE_FULL', 'WAIT_TIMEOUT'])
        statistics = self.pool(port=port).statistics
        self.assertEqual(statistics.refused_count, 3)
        self.assertTrue(statistics.HasField('wait_p99'))
        _, metrics = self.server.http('/metrics')
        self.assertIn('sipcm_pool_requests_refused_total{cause="WAIT_QUEUE_FULL"} 1\n', metrics)
        self.assertIn('sipcm_pool_requests_refused_total{cause="WAIT_TIMEOUT"} 2\n', metrics)
        self.assertIn('sipcm_pool_connections{state="connecting"} 1\n', metrics)
        opener.cancel()


class StatisticsTest(PoolCase):
    """What a pool tells, and its end."""

    def test_statistics_tell_what_was_done(self):
        self.set(max_connection_count=2)
        self.send(6)
        pool = self.pool()
        statistics = pool.statistics
        self.assertEqual((statistics.request_count, statistics.reused_count,
                          statistics.waited_count, statistics.opened_connection_count),
                         (6, 4, 2, 2))
        self.assertAlmostEqual(statistics.reuse_ratio, 4 / 6)
        self.assertTrue(statistics.HasField('wait_p50') and statistics.HasField('wait_p99'))
        self.assertGreater(statistics.utilization, 0)
        self.assertLess(statistics.utilization, 1)
        self.assertGreater(pool.create_time.seconds, 1_500_000_000)
        self.assertEqual(statistics.refused_count, 0)
        self.listener.drop(1)
        wait_for(lambda: self.statistics().closed_connection_count == 1, 'closed connection')
        _, metrics = self.server.http('/metrics')
        for line in ('sipcm_pool_requests_total 6', 'sipcm_pool_requests_reused_total 4',
                     'sipcm_pool_connections{state="established"} 1',
                     'sipcm_pool_wait_seconds_count 2'):
            self.assertIn(line + '\n', metrics)

    def test_a_target_that_refuses_is_tried_with_back_off_and_counted_by_cause(self):
        with socket.create_server(('127.0.0.1', 0)) as taken:
            port = taken.getsockname()[1]
        for _ in range(50):
            self.assert_fails(self.begin(port=port), 'CONNECT_REFUSED')
        failures = self.pool(port=port).statistics.failure_counts
        self.assertEqual(list(failures), ['CONNECT_REFUSED'])
        self.assertLess(failures['CONNECT_REFUSED'], 50)

    def test_settings_have_an_etag_that_statistics_do_not_change(self):
        etag = self.set(max_connection_count=2).etag
        self.send(3)
        self.assertEqual(self.pool().etag, etag)
        self.set(max_connection_count=3, etag=etag)
        self.assert_refused(grpc.StatusCode.ABORTED, 'etag',
                            lambda: self.set(max_connection_count=4, etag=etag))

    def delete(self, force=False):
        self.server.pools.DeleteConnectionPool(
            connection_pools_pb2.DeleteConnectionPoolRequest(name=self.name(), force=force),
            timeout=10)

    def test_a_busy_pool_goes_by_force_and_its_requests_fail(self):
        self.set(max_connection_count=1)
        self.listener.hold()
        call = self.begin_held()
        self.assert_refused(grpc.StatusCode.FAILED_PRECONDITION, 'outstanding', self.delete)
        self.delete(force=True)
        failure = self.assert_fails(call, 'CONNECTION_LOST')
        self.assertEqual(failure.written, send_pb2.SendFailure.WHOLE)
        self.assert_refused(grpc.StatusCode.NOT_FOUND, self.name(), self.delete)
        self.listener.release()
        self.send(2)
        self.assertEqual(self.pool().max_connection_count, 5)

    def test_a_new_manager_of_the_same_name_knows_no_old_settings(self):
        self.set(max_connection_count=2)
        self.server.managers.DeleteConnectionManager(
            connection_managers_pb2.DeleteConnectionManagerRequest(
                name='connectionManagers/edge', force=True), timeout=10)
        self.server.managers.CreateConnectionManager(
            connection_managers_pb2.CreateConnectionManagerRequest(
                connection_manager_id='edge',
                connection_manager=connection_manager_pb2.ConnectionManager(
                    kind=connection_manager_pb2.ConnectionManager.SERVER_TCP)), timeout=10)
        self.assertEqual(self.set(min_connection_count=1).max_connection_count, 5)


if __name__ == '__main__':
    unittest.main()
