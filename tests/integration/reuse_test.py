"""Connection reuse (RFC 5923): over real TLS, with peers that can and that cannot prove who they
are."""

import ssl
import unittest

from proto.sipcm.v1 import send_pb2, sip_pb2, types_pb2
from tests.integration.support.authority import Authority
from tests.integration.support.server_process import ServerProcess, tls_config
from tests.integration.support.sip_listener import SipListener
from tests.integration.support.sip_peer import SipPeer, request
from tests.integration.support.waiting import wait_for


class ReuseTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.authority = cls.enterClassContext(Authority())
        cls.own = cls.authority.issue('server', 'DNS:localhost,IP:127.0.0.1')
        cls.partner = cls.authority.issue('partner', 'DNS:localhost')
        cls.mallory = cls.authority.issue('mallory', 'DNS:mallory.example.com')

    def setUp(self):
        self.server = self.enterContext(ServerProcess(tls_config(
            self.own, self.authority, ['localhost', '.example.com'], mutual_tls='REQUEST')))
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.partner + '.pem', self.partner + '.key')
        # What the destination itself serves, for requests that reuse nothing.
        self.destination = self.enterContext(SipListener(tls))
        self.port = self.destination.address[1]

    def connect(self, certificate=None):
        tls = ssl.create_default_context(cafile=self.authority.certificate)
        if certificate:
            tls.load_cert_chain(certificate + '.pem', certificate + '.key')
        return self.enterContext(SipPeer(self.server.sip_address(), tls))

    def offer(self, peer, host='localhost', parameters=b';alias'):
        """An OPTIONS of the peer whose Via names host and port; its answer has come."""
        via = b'Via: SIP/2.0/TLS %s:%d;branch=z9hG4bK-offer-%d%s' % (
            host.encode(), self.port, id(peer), parameters)
        rows = request(uri='sip:nobody@nowhere.example').split(b'\r\n')
        peer.send(b'\r\n'.join([rows[0], via, *rows[2:]]))
        self.assertTrue(peer.read().status)

    def send(self):
        """Starts a request to the destination; its events come when it is iterated."""
        return self.server.messaging.Send(send_pb2.SendRequest(
            endpoint='endpoints/alice',
            request=sip_pb2.SipRequest(method='MESSAGE', request_uri='sip:bob@localhost'),
            destination=types_pb2.Destination(host='localhost', port=self.port,
                                              transport=types_pb2.TLS)), timeout=10)

    def assert_not_reused(self, *peers):
        self.assertEqual(list(self.send())[-1].response.status_code, 200)
        self.assertEqual(self.destination.connection_count(), 1)
        for peer in peers:
            self.assertIsNone(peer.read(seconds=0))

    def test_the_connection_of_an_authenticated_peer_carries_requests_to_it(self):
        peer = self.connect(self.partner)
        self.offer(peer)
        events = self.send()
        sent = next(events).sent
        self.assertEqual(sent.reuse, send_pb2.Sent.REUSED)
        self.assertEqual(sent.pool, '')
        message = peer.read()
        self.assertTrue(message.start_line.startswith('MESSAGE '))
        answer = ['SIP/2.0 200 OK'] + ['%s: %s' % (name, value) for name in (
            'Via', 'From', 'To', 'Call-ID', 'CSeq') for value in message.all(name)]
        peer.send(('\r\n'.join(answer) + '\r\nContent-Length: 0\r\n\r\n').encode())
        self.assertEqual(list(events)[-1].response.status_code, 200)
        self.assertEqual(self.destination.connection_count(), 0)

    def test_the_alias_of_an_unauthenticated_peer_is_ignored(self):
        stranger = self.connect()
        self.offer(stranger)
        self.assert_not_reused(stranger)

    def test_a_peer_cannot_hijack_what_its_certificate_does_not_name(self):
        mallory = self.connect(self.mallory)
        self.offer(mallory)
        self.assert_not_reused(mallory)

    def test_without_alias_nothing_is_offered(self):
        peer = self.connect(self.partner)
        self.offer(peer, parameters=b'')
        self.assert_not_reused(peer)

    def test_after_its_end_the_destination_is_connected_to(self):
        peer = self.connect(self.partner)
        self.offer(peer)
        peer.close()
        wait_for(lambda: self.server.connection_count() == 0, 'its end')
        self.assert_not_reused()


if __name__ == '__main__':
    unittest.main()
