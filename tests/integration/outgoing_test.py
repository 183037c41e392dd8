"""Requests of applications on their way out: their bytes, TLS and who is at the other end."""

import unittest

from proto.sipcm.v1 import error_pb2, send_pb2, sip_pb2, types_pb2
from tests.integration.support.application import Application
from tests.integration.support.authority import Authority
from tests.integration.support.server_process import (ServerProcess, endpoint, tcp_manager,
                                                      tls_config)
from tests.integration.support.sip_listener import SipListener


def send(server, host, port, transport=types_pb2.TCP, sender='alice', tls_name=''):
    """All events of one OPTIONS."""
    return list(server.messaging.Send(
        send_pb2.SendRequest(
            endpoint='endpoints/' + sender,
            request=sip_pb2.SipRequest(method='OPTIONS', request_uri='sip:bob@example.org'),
            destination=types_pb2.Destination(host=host, port=port, transport=transport,
                                              tls_name=tls_name)), timeout=30))


class RequestTest(unittest.TestCase):

    def setUp(self):
        self.server = self.enterContext(ServerProcess({
            'connection_managers': [tcp_manager()],
            'endpoints': [endpoint('alice', 'sip:alice@example.com')]}))
        self.listener = self.enterContext(SipListener())

    def test_request_carries_what_sip_wants(self):
        events = send(self.server, '127.0.0.1', self.listener.address[1])
        self.assertEqual(events[-1].response.status_code, 200, events)
        _, request = self.listener.requests()[0]
        sent = events[0].sent
        self.assertEqual(sent.pool, 'connectionManagers/edge/pools/tcp:127.0.0.1:%d' %
                         self.listener.address[1])
        self.assertEqual(sent.call_id, request.header('Call-ID'))
        self.assertIn('branch=' + sent.branch, request.header('Via'))
        self.assertTrue(sent.HasField('wait_duration'))
        self.assertTrue(request.header('Via').startswith('SIP/2.0/TCP '), request.headers)
        self.assertIn('branch=z9hG4bK', request.header('Via'))
        self.assertEqual(request.header('Max-Forwards'), '70')
        self.assertIn('<sip:alice@example.com>;tag=', request.header('From'))
        self.assertEqual(request.header('To'), '<sip:bob@example.org>')
        self.assertTrue(request.header('CSeq').endswith(' OPTIONS'))
        self.assertEqual(request.header('Content-Length'), '0')


class TlsTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.authority = cls.enterClassContext(Authority())
        cls.strangers = cls.enterClassContext(Authority('stranger'))
        own = cls.authority.issue('own', 'DNS:sip.example.com')
        cls.server = cls.enterClassContext(ServerProcess(tls_config(own, cls.authority)))

    def other(self, certificate, **settings):
        """Another server, which presents `certificate`, with an application behind it."""
        server = self.enterContext(ServerProcess({
            **tls_config(certificate, self.authority, **settings),
            'endpoints': [endpoint('bob', 'sip:bob@example.org')]}))
        self.application = self.enterContext(Application(server, 'bob'))
        return server.sip_address()[1]

    def assert_not_accepted(self, events, reason):
        failure = events[-1].failure
        self.assertEqual(send_pb2.SendFailure.Cause.Name(failure.cause), 'PEER_NOT_ACCEPTED',
                         events)
        self.assertEqual(error_pb2.ErrorDetail.Reason.Name(failure.error.reason), reason)
        self.assertEqual(failure.written, send_pb2.SendFailure.NOTHING)
        self.assertEqual(self.application.requests(), [])

    def test_name_that_was_asked_for_is_accepted(self):
        port = self.other(self.authority.issue('right', 'DNS:localhost'))
        events = send(self.server, 'localhost', port, types_pb2.TLS)
        self.assertEqual(events[-1].response.status_code, 200, events)

    def test_address_needs_an_address_in_the_certificate(self):
        port = self.other(self.authority.issue('address', 'IP:127.0.0.1'))
        events = send(self.server, '127.0.0.1', port, types_pb2.TLS)
        self.assertEqual(events[-1].response.status_code, 200, events)

    def test_other_name_is_not_accepted(self):
        port = self.other(self.authority.issue('wrong', 'DNS:elsewhere.example.com'))
        self.assert_not_accepted(send(self.server, 'localhost', port, types_pb2.TLS),
                                 'PEER_NAME_MISMATCH')

    def test_unknown_authority_is_not_accepted(self):
        port = self.other(self.strangers.issue('stranger-server', 'DNS:localhost'))
        self.assert_not_accepted(send(self.server, 'localhost', port, types_pb2.TLS),
                                 'PEER_NOT_TRUSTED')

    def test_mutual_tls_shows_our_certificate(self):
        port = self.other(self.authority.issue('mutual', 'DNS:localhost'),
                          mutual_tls='REQUIRE',
                          allowed_domains=[{'pattern': 'sip.example.com'}])
        events = send(self.server, 'localhost', port, types_pb2.TLS)
        self.assertEqual(events[-1].response.status_code, 200, events)
        self.assertEqual(self.application.requests()[0].peer.matched_allowed_domain,
                         'sip.example.com')

    def test_mutual_tls_that_turns_us_away_is_told(self):
        port = self.other(self.authority.issue('closed', 'DNS:localhost'),
                          mutual_tls='REQUIRE',
                          allowed_domains=[{'pattern': '.contoso.com'}])
        failure = send(self.server, 'localhost', port, types_pb2.TLS)[-1].failure
        self.assertIn(send_pb2.SendFailure.Cause.Name(failure.cause),
                      ('PEER_REFUSED_US', 'CONNECTION_LOST'))
        self.assertEqual(self.application.requests(), [])


if __name__ == '__main__':
    unittest.main()
