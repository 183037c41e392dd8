"""Thousands of connections on which nothing passes cost memory within a bound, and no CPU."""

import os
import ssl
import time
import unittest

from tests.integration.support.authority import Authority
from tests.integration.support.footprint import Footprint
from tests.integration.support.server_process import ServerProcess, tcp_manager
from tests.integration.support.sip_peer import SipPeer, request
from tests.integration.support.waiting import wait_for

LISTENING_SECONDS = 2


class IdleConnectionsTest(unittest.TestCase):
    """Row 15, with as many as a test has time for; `tests/benchmark/run` takes all of them."""

    @classmethod
    def setUpClass(cls):
        cls.authority = cls.enterClassContext(Authority())
        own = cls.authority.issue('server', 'DNS:localhost,IP:127.0.0.1')
        peer = cls.authority.issue('peer', 'DNS:peer.example.com')
        cls.tls = ssl.create_default_context(cafile=cls.authority.certificate)
        cls.tls.load_cert_chain(peer + '.pem', peer + '.key')
        cls.server = cls.enterClassContext(ServerProcess({
            'certificates': [{'name': 'certificates/edge', 'certificate_file': own + '.pem',
                              'private_key_file': own + '.key'}],
            'trust_bundles': [{'name': 'trustBundles/partners',
                               'certificates_file': cls.authority.certificate}],
            'connection_managers': [
                tcp_manager('edge'),
                tcp_manager('partners', kind='SERVER_TLS', certificate='certificates/edge',
                            trust_bundle='trustBundles/partners', mutual_tls='REQUIRE',
                            allowed_domains=[{'pattern': 'peer.example.com'}])]}))

    def cpu_seconds(self):
        """Of the server, so far."""
        with open('/proc/%d/stat' % self.server.process.pid, encoding='ascii') as file:
            fields = file.read().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def connect(self, count, address, tls):
        """So many more, each of which has had an answer. How long the slowest of a hundred took."""
        durations = []
        for _ in range(count):
            begin = time.monotonic()
            peer = self.enterContext(SipPeer(address, tls))
            durations.append(time.monotonic() - begin)
            peer.send(request())
            self.assertEqual(peer.read().status, 500)
            self.peers.append(peer)
        return sorted(durations)[len(durations) * 99 // 100]

    def hold(self, manager, counts, bytes_each, tls=None):
        """First so many, by which the server warms up, then so many that are measured."""
        self.peers = []
        address = self.server.sip_address(manager)  # By a channel whose descriptor then counts.
        footprint = Footprint(self.server)
        self.connect(counts[0], address, tls)
        before = footprint.resident_bytes()
        slow = self.connect(counts[1], address, tls)
        each = (footprint.resident_bytes() - before) / counts[1]
        used = self.cpu_seconds()
        begin = time.monotonic()
        self.assertIsNone(self.peers[0].read(LISTENING_SECONDS))
        share = (self.cpu_seconds() - used) / (time.monotonic() - begin)
        print('%s: %.1f KiB each, %.1f %% of a core, p99 of connects %.1f ms' %
              (manager, each / 1024, 100 * share, 1000 * slow))
        self.assertEqual(self.server.connection_count(manager), sum(counts))
        self.assertLess(each, bytes_each)
        self.assertLess(share, 0.02)
        # All are alive.
        for peer in (self.peers[0], self.peers[len(self.peers) // 2], self.peers[-1]):
            peer.send(request())
            self.assertEqual(peer.read().status, 500)
        self.doCleanups()
        wait_for(lambda: footprint.descriptor_count() <= footprint.descriptors,
                 'descriptors as before')

    def test_five_thousand_over_tcp(self):
        self.hold('edge', (1000, 4000), 2 << 10)

    # So few also fill the cache of sessions that may be resumed.
    def test_six_hundred_over_mutual_tls(self):
        self.hold('partners', (200, 400), 32 << 10, self.tls)


if __name__ == '__main__':
    unittest.main()
