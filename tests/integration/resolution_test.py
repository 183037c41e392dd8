"""Destinations by name: SRV and NAPTR, failover, dead addresses, DNS that fails."""

import socket
import threading
import time
import unittest

from proto.sipcm.v1 import connection_pool_pb2, connection_pools_pb2, error_pb2, send_pb2
from proto.sipcm.v1 import sip_pb2, types_pb2
from tests.integration.support.bystander_case import BystanderCase
from tests.integration.support.dns_server import DnsServer
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager
from tests.integration.support.sip_listener import SipListener


class BlackHole:
    """An address that answers no SYN: a listener that accepts nothing, its queue full."""

    def __init__(self, address):
        self._listener = socket.socket()
        self._listener.bind(address)
        self._listener.listen(0)
        self._fillers = []
        # What is in the queue still connects; then SYNs are dropped.
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(address)
            self._fillers.append(filler)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for filler in self._fillers:
            filler.close()
        self._listener.close()


class ResolutionTest(BystanderCase):

    def setUp(self):
        self.dns = self.enterContext(DnsServer())
        self.server = self.enterContext(ServerProcess(
            self.beside({'connection_managers': [tcp_manager()],
                         'endpoints': [endpoint('alice', 'sip:alice@example.com')]}),
            flags=['--dns_servers=' + self.dns.address]))
        self.listener = self.enterContext(SipListener())
        self.port = self.listener.address[1]

    def send(self, host, port=0):
        """All events of one OPTIONS."""
        return list(self.server.messaging.Send(
            send_pb2.SendRequest(
                endpoint='endpoints/alice',
                request=sip_pb2.SipRequest(method='OPTIONS', request_uri='sip:bob@example.org'),
                destination=types_pb2.Destination(host=host, port=port)), timeout=30))

    def assert_reaches(self, host, port=0):
        """Its Sent."""
        events = self.send(host, port)
        self.assertEqual(events[-1].response.status_code, 200, events)
        return events[0].sent

    def assert_fails(self, host, reason):
        failure = self.send(host)[-1].failure
        self.assertEqual(send_pb2.SendFailure.Cause.Name(failure.cause), 'RESOLUTION_FAILED',
                         failure)
        self.assertEqual(error_pb2.ErrorDetail.Reason.Name(failure.error.reason), reason)
        self.assertIn('"%s"' % host, failure.explanation)

    def pool(self, pool_id):
        return self.server.pools.GetConnectionPool(
            connection_pools_pb2.GetConnectionPoolRequest(
                name='connectionManagers/edge/pools/' + pool_id), timeout=10)

    def test_domain_is_found_by_its_srv_record(self):
        self.dns.set('SRV', '_sip._tcp.example.net', (10, 5, self.port, 'sip1.example.net'))
        self.dns.set('A', 'sip1.example.net', '127.0.0.1')
        sent = self.assert_reaches('Example.NET')
        self.assertEqual(sent.target.port, self.port)
        pool = self.pool('tcp:example.net:5060;srv')
        self.assertEqual((pool.destination.host, pool.destination.port), ('example.net', 0))
        self.assertEqual([(target.address.host, target.address.port, target.priority,
                           target.weight, target.health) for target in pool.targets],
                         [('127.0.0.1', self.port, 10, 5,
                           connection_pool_pb2.PoolTarget.HEALTHY)])

    def test_naptr_leads_to_another_srv_record(self):
        self.dns.set('NAPTR', 'example.net', (1, 1, 'SIP+D2T', '_sip._tcp.carrier.example'))
        self.dns.set('SRV', '_sip._tcp.carrier.example', (1, 1, self.port, 'c.carrier.example'))
        self.dns.set('A', 'c.carrier.example', '127.0.0.1')
        self.assert_reaches('example.net')

    def test_port_that_is_given_leaves_srv_out(self):
        self.dns.set('A', 'example.net', '127.0.0.1')
        self.dns.set('SRV', '_sip._tcp.example.net', (1, 1, 1, 'elsewhere.example.net'))
        self.assert_reaches('example.net', self.port)
        pool = self.pool('tcp:example.net:%d' % self.port)
        self.assertEqual(pool.destination.port, self.port)
        self.assertEqual({kind for kind, _ in self.dns.questions()}, {'A', 'AAAA'})

    def test_settings_of_a_pool_by_service_may_come_first(self):
        name = 'connectionManagers/edge/pools/tcp:example.net:5060;srv'
        self.server.pools.UpdateConnectionPool(
            connection_pools_pb2.UpdateConnectionPoolRequest(
                connection_pool=connection_pool_pb2.ConnectionPool(
                    name=name, max_connection_count=1)), timeout=10)
        self.dns.set('SRV', '_sip._tcp.example.net', (1, 1, self.port, 'sip1.example.net'))
        self.dns.set('A', 'sip1.example.net', '127.0.0.1')
        for _ in range(3):
            self.assert_reaches('example.net')
        self.assertEqual(self.listener.connections(), [1, 1, 1])

    def test_refused_target_is_dead_and_the_next_priority_serves(self):
        self.dns.set('SRV', '_sip._tcp.example.net', (10, 0, self.port, 'main.example.net'),
                     (20, 0, self.port, 'backup.example.net'))
        self.dns.set('A', 'main.example.net', '127.0.0.3')  # nobody listens there
        self.dns.set('A', 'backup.example.net', '127.0.0.1')
        sent = self.assert_reaches('example.net')
        self.assertEqual(sent.target.host, '127.0.0.1')
        main, backup = self.pool('tcp:example.net:5060;srv').targets
        self.assertEqual(main.health, connection_pool_pb2.PoolTarget.DEAD)
        self.assertTrue(main.HasField('retry_time'))
        self.assertIn('refused', main.last_failure)
        self.assertEqual(backup.health, connection_pool_pb2.PoolTarget.HEALTHY)

    def test_scenario_8_dead_first_address_is_not_waited_for(self):
        self.enterContext(BlackHole(('127.0.0.2', self.port)))
        self.dns.set('A', 'two.example.net', '127.0.0.2', '127.0.0.1')
        begin = time.monotonic()
        sent = self.assert_reaches('two.example.net', self.port)
        taken = time.monotonic() - begin
        self.assertEqual(sent.target.host, '127.0.0.1')
        self.assertGreaterEqual(taken, 0.25, 'the dead one was not tried first')
        self.assertLess(taken, 1)

    def test_row_35_names_without_an_address_fail_and_say_why(self):
        self.begin_bystander(self.server)
        self.assert_fails('none.example.net', 'DNS_NO_SUCH_NAME')
        self.dns.set('SRV', '_sip._tcp.no.example.net', (0, 0, 0, '.'))
        self.assert_fails('no.example.net', 'DNS_NO_SERVICE')

    def test_row_35_silent_dns_holds_up_nobody_else(self):
        self.begin_bystander(self.server)
        for name in ('silent.example.net', '_sip._tcp.silent.example.net'):
            self.dns.silence(name)
        self.dns.set('A', 'alive.example.net', '127.0.0.1')
        failed = threading.Event()

        def fail():
            self.assert_fails('silent.example.net', 'DNS_TIMEOUT')
            failed.set()

        thread = threading.Thread(target=fail)
        thread.start()
        for _ in range(20):
            self.assert_reaches('alive.example.net', self.port)
        self.assertFalse(failed.is_set(), 'it was over before the others were served')
        thread.join()
        self.assertTrue(failed.is_set())


if __name__ == '__main__':
    unittest.main()
