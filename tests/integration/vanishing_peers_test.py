"""Peers that go at the worst moment, and those that come and go in numbers."""

import random
import ssl
import time
import unittest

import grpc

from proto.sipcm.v1 import error_pb2
from tests.integration.support.abuse_case import AbuseCase
from tests.integration.support.application import Application
from tests.integration.support.crowd import crowd
from tests.integration.support.error_detail import detail_of
from tests.integration.support.sip_listener import SipListener
from tests.integration.support.sip_peer import SipPeer, request
from tests.integration.support.waiting import wait_for

CYCLES = 10000


class VanishingPeersTest(AbuseCase):

    def test_resets_at_every_moment_leak_nothing(self):
        application = self.enterContext(Application(self.server, 'alice'))
        whole = request('MESSAGE', body=b'x' * 500)
        head = whole.index(b'\r\n\r\n') + 4
        # Nothing, inside the header, between header and body, inside the body, all of it.
        moments = {'edge': (0, 60, head, head + 200, len(whole)),
                   # Half a ClientHello, and more than one.
                   'secure': (0, 5, 300)}
        chance = random.Random(12)
        for _ in range(CYCLES):
            manager = chance.choice(('edge', 'edge', 'edge', 'secure'))
            data = whole if manager == 'edge' else b'\x16\x03\x01\x02\x00\x01\x00' + bytes(293)
            with SipPeer(self.server.sip_address(manager)) as peer:
                peer.send(data[:chance.choice(moments[manager])])
                peer.reset()
        delivered = application.requests()
        self.assertTrue(all(len(one.request.body) == 500 for one in delivered))
        print('%d of %d cycles were whole requests' % (len(delivered), CYCLES))

    def test_application_is_told_that_the_peer_of_its_answer_has_gone(self):
        application = self.enterContext(Application(self.server, 'alice', status=None))
        with SipListener() as listener:
            deserted = listener.address[1]
        with SipPeer(self.server.sip_address()) as peer:
            peer.send(request('MESSAGE', port=deserted))
            delivered = application.wait_for_requests()[0]
            peer.reset()
        wait_for(lambda: self.server.connection_count('edge') == 0, 'end of the connection')
        # Nobody listens where the way by Via leads: not delivered, and it says so.
        with self.assertRaises(grpc.RpcError) as refused:
            application.answer(delivered)
        self.assertEqual(refused.exception.code(), grpc.StatusCode.UNAVAILABLE)
        self.assertEqual(detail_of(refused.exception).reason,
                         error_pb2.ErrorDetail.CONNECTION_GONE)

    def test_sixty_thousand_that_connect_and_close_leave_nothing(self):
        """As many as 2,000 a second are in 30 s; they come as fast as the test can send them."""

        async def one_request(connection):
            connection.write(request(uri='sip:nobody@example.org', to='<sip:nobody@example.org>'))
            connection.end()

        address = self.server.sip_address()
        started = time.monotonic()
        for _ in range(120):
            crowd(address, 500, one_request, 20)
        print('%.0f connections a second' % (60000 / (time.monotonic() - started)))
        # Whoever comes next does not stand in line behind those that are gone.
        started = time.monotonic()
        with SipPeer(address) as late:
            late.send(request(uri='sip:nobody@example.org', to='<sip:nobody@example.org>'))
            self.assertIsNotNone(late.read())
        self.assertLess(time.monotonic() - started, 1)
        # Peers that end first keep TIME_WAIT on their side.
        ours, theirs = self.time_wait_counts(address[1])
        self.assertLess(ours, 500)
        self.assertGreater(theirs, ours, 'the count sees nothing')

    @staticmethod
    def time_wait_counts(port):
        """Sockets in TIME_WAIT (proc(5), net/tcp: state 06) of that port and of its peers."""
        with open('/proc/net/tcp', encoding='ascii') as table:
            rows = [line.split() for line in table.readlines()[1:]]
        ends = [(row[1], row[2]) for row in rows if row[3] == '06']
        return [sum(int(end[side].split(':')[1], 16) == port for end in ends) for side in (0, 1)]

    def test_a_flood_of_aborted_handshakes(self):
        tls = ssl.create_default_context(cafile=self.partners.certificate)
        hello = self.client_hello()
        for _ in range(10):
            async def abort(connection):
                connection.write(hello)
                connection.reset()

            crowd(self.server.sip_address('secure'), 90, abort, 20)
            for _ in range(10):
                with SipPeer(self.server.sip_address('secure'), tls=tls):
                    pass

    @staticmethod
    def client_hello():
        """A real one, that asks the server for its costly answer."""
        context = ssl.create_default_context()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        connection = context.wrap_bio(incoming, outgoing, server_hostname='localhost')
        try:
            connection.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return outgoing.read()


if __name__ == '__main__':
    unittest.main()
