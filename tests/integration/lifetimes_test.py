"""Time limits of connections, set to a second, against the real clock.

Every limit is bounded from both sides: not before it, and well before the next longer one.
"""

import time
import unittest

from tests.integration.support.application import Application
from tests.integration.support.authority import Authority
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager
from tests.integration.support.sip_peer import SipPeer, request
from tests.integration.support.waiting import wait_for

LONG = '600s'


def timed_end(peer, seconds=20):
    """Seconds until the other side closes; fails when it does not."""
    started = time.monotonic()
    assert peer.wait_until_closed(seconds), 'still open after %d s' % seconds
    return time.monotonic() - started


class LifetimesTest(unittest.TestCase):

    def serve(self, **settings):
        server = self.enterContext(ServerProcess({
            'connection_managers': [tcp_manager(**settings)],
            'endpoints': [endpoint('alice', 'sip:alice@example.com')]}))
        self.enterContext(Application(server, 'alice'))
        return server

    def assert_closes_at_a_second(self, peer):
        # From a little later than the server's beginning, so a little less than a second is right.
        elapsed = timed_end(peer)
        self.assertGreater(elapsed, 0.8)
        self.assertLess(elapsed, 10)

    def test_scenario_3_silence_ends_at_the_first_message_limit(self):
        server = self.serve(first_message_timeout='1s')
        with SipPeer(server.sip_address()) as peer:
            self.assert_closes_at_a_second(peer)
        self.assertEqual(server.connection_count(), 0)

    def test_scenario_3_keep_alives_are_no_first_message(self):
        server = self.serve(first_message_timeout='1s')
        with SipPeer(server.sip_address()) as peer:
            peer.send(b'\r\n\r\n')
            self.assert_closes_at_a_second(peer)

    def test_scenario_3_one_request_leads_on_to_the_idle_limit(self):
        server = self.serve(first_message_timeout='1s', default_incoming_connection_timeout='3s')
        with SipPeer(server.sip_address()) as peer:
            peer.send(request())
            self.assertEqual(peer.read().status, 200)
            elapsed = timed_end(peer)
        self.assertGreater(elapsed, 2.5)
        self.assertLess(elapsed, 12)

    def test_half_a_message_ends_at_its_limit(self):
        server = self.serve(partial_message_timeout='1s', first_message_timeout=LONG)
        with SipPeer(server.sip_address()) as peer:
            peer.send(request()[:40])
            self.assert_closes_at_a_second(peer)

    def test_a_stalled_handshake_ends_at_its_limit(self):
        authority = self.enterContext(Authority())
        own = authority.issue('server', 'DNS:localhost')
        server = self.enterContext(ServerProcess({
            'certificates': [{'name': 'certificates/edge', 'certificate_file': own + '.pem',
                              'private_key_file': own + '.key'}],
            'connection_managers': [
                tcp_manager(kind='SERVER_TLS', certificate='certificates/edge',
                            handshake_timeout='1s', first_message_timeout=LONG)]}))
        with SipPeer(server.sip_address()) as peer:
            self.assert_closes_at_a_second(peer)
        with SipPeer(server.sip_address()) as peer:
            peer.send(b'\x16\x03\x01\x02\x00\x01\x00')  # The beginning of a ClientHello.
            self.assert_closes_at_a_second(peer)

    def test_scenario_3_zero_never_ends_an_idle_connection(self):
        server = self.serve(first_message_timeout='1s', default_incoming_connection_timeout='0s')
        with SipPeer(server.sip_address()) as peer:
            peer.send(request())
            self.assertEqual(peer.read().status, 200)
            self.assertFalse(peer.wait_until_closed(2))
            peer.send(request())
            self.assertEqual(peer.read().status, 200)

    def test_reason_of_each_end_is_counted(self):
        server = self.serve(first_message_timeout='1s')
        with SipPeer(server.sip_address()) as peer:
            self.assertTrue(peer.wait_until_closed(20))

        def counted():
            status, metrics = server.http('/metrics')
            self.assertEqual(status, 200)
            return [line for line in metrics.splitlines()
                    if line.startswith('sipcm_connections_closed_total') and
                    'first_message_timeout' in line and line.endswith(' 1')]

        # The peer sees its end a moment before it is counted.
        wait_for(counted, 'count of the end')


if __name__ == '__main__':
    unittest.main()
