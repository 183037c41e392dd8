"""Peers that are slow, or say nothing: closed at the limit, and nobody else notices."""

import time
import unittest

from proto.sipcm.v1 import connections_pb2
from proto.sipcm.v1.connection_pb2 import Connection
from tests.integration.support.abuse_case import LATEST_SECONDS, AbuseCase
from tests.integration.support.application import Application
from tests.integration.support.crowd import crowd, nothing
from tests.integration.support.sip_peer import SipPeer, request
from tests.integration.support.watcher import CHANGES_ONLY, Watcher

PATIENCE_SECONDS = 40
CLIENT_HELLO_BEGIN = b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'


class SlowPeersTest(AbuseCase):

    def test_headers_byte_by_byte_from_two_thousand_connections(self):
        before = self.footprint.resident_bytes()
        self.footprint.forget_peak()

        async def slowloris(connection):
            await connection.trickle(request()[:200], 1)

        peers = crowd(self.server.sip_address(), 2000, slowloris, PATIENCE_SECONDS)
        self.assert_all_closed_at_the_limit(peers)
        each = (self.footprint.peak_bytes() - before) / 2000
        print('%.1f KiB of resident memory a connection' % (each / 1024))
        self.assertLess(each, 8 << 10)

    def test_a_slow_body_is_never_dispatched(self):
        application = self.enterContext(Application(self.server, 'alice'))
        message = request('MESSAGE', body=b'x' * 60000)
        head = message[:message.index(b'\r\n\r\n') + 4]

        async def slow_body(connection):
            connection.write(head)
            await connection.trickle(b'x' * 60000, 0.5)

        peers = crowd(self.server.sip_address(), 100, slow_body, PATIENCE_SECONDS)
        self.assert_all_closed_at_the_limit(peers)
        self.assertEqual(application.requests(), [])

    def test_a_thousand_stalled_handshakes(self):
        async def half_a_hello(connection):
            connection.write(CLIENT_HELLO_BEGIN)

        address = self.server.sip_address('secure')
        for script in (nothing, half_a_hello):
            with self.subTest(script.__name__):
                self.assert_all_closed_at_the_limit(
                    crowd(address, 500, script, PATIENCE_SECONDS))

    def test_silence_and_keep_alives_end_at_the_first_message_limit(self):
        async def keep_alive(connection):
            connection.write(b'\r\n\r\n')

        silent = crowd(self.server.sip_address(), 200, nothing, PATIENCE_SECONDS)
        self.assert_all_closed_at_the_limit(silent)
        self.assertEqual({peer.received for peer in silent}, {b''})
        pinging = crowd(self.server.sip_address(), 200, keep_alive, PATIENCE_SECONDS)
        self.assert_all_closed_at_the_limit(pinging)
        self.assertEqual({peer.received for peer in pinging}, {b'\r\n'})

    def test_one_request_and_silence_ends_at_the_idle_limit(self):
        self.enterContext(Application(self.server, 'alice'))

        async def one_request(connection):
            connection.write(request())

        peers = crowd(self.server.sip_address(), 200, one_request, PATIENCE_SECONDS)
        self.assert_all_closed_at_the_limit(peers)
        self.assertTrue(all(peer.received.startswith(b'SIP/2.0 200 ') for peer in peers))

    def test_a_peer_that_never_reads_is_closed_and_its_queue_bounded(self):
        before = self.footprint.resident_bytes()
        self.footprint.forget_peak()
        watcher = self.enterContext(Watcher(self.server, start=CHANGES_ONLY))
        with SipPeer(self.server.sip_address()) as deaf:
            flood = request(uri='sip:nobody@example.org', to='<sip:nobody@example.org>') * 200
            deaf.send_until_blocked(flood)
            blocked = time.monotonic()
            connection = self.server.connections.ListConnections(
                connections_pb2.ListConnectionsRequest(parent='connectionManagers/edge'),
                timeout=10).connections[0]
            queued = connection.statistics.queued_byte_count
            self.assertGreater(queued, 0)
            self.assertLessEqual(queued, 256 << 10)
            self.assertTrue(deaf.wait_until_reset_without_reading(PATIENCE_SECONDS))
            self.assertLess(time.monotonic() - blocked, LATEST_SECONDS)
        closed = watcher.wait_for('CONNECTION_CLOSED', connection.name)
        self.assertEqual(closed.connection.close_reason, Connection.WRITE_STALLED)
        growth = self.footprint.peak_bytes() - before
        print('%d bytes queued, peak resident memory + %.1f MiB' % (queued, growth / (1 << 20)))
        # The queue, a piece of what was read, and what the watcher and the question above need.
        self.assertLess(growth, 2 << 20)


if __name__ == '__main__':
    unittest.main()
