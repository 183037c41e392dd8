"""The stack "sip" of npm (node) over TLS and mutual TLS, both ways."""

import unittest

from proto.sipcm.v1 import send_pb2, sip_pb2, types_pb2
from tests.integration.support.application import Application
from tests.interop.support import npm_sip
from tests.interop.support.call_application import OutgoingCall, methods, pick_up
from tests.interop.support.interop_case import MANAGERS, InteropCase
from tests.interop.support.npm_sip import NpmSip
from tests.interop.support.scenario import scenario


class NpmSipTest(InteropCase):
    PRODUCT = 'sip (npm)'

    @staticmethod
    def version():
        return npm_sip.version()

    def setUp(self):
        self.peer = self.enterContext(NpmSip(self.peer_certificate, self.authority.certificate))

    def uri(self, transport):
        return 'sip:alice@%s:%d;transport=tls' % self.address(transport)

    def asks(self, transport, method, body=''):
        with Application(self.server, 'alice-' + MANAGERS[transport]) as application:
            self.peer.do('request', method=method, uri=self.uri(transport), body=body)
            self.peer.wait_until_told({'status': 200, 'method': method})
            [delivery] = application.requests()
            self.assertEqual(delivery.request.body.decode(), body)
            return delivery

    def calls(self, transport):
        with Application(self.server, 'alice-' + MANAGERS[transport], replies=pick_up) as alice:
            self.peer.do('call', uri=self.uri(transport))
            self.peer.wait_until_told({'status': 180, 'method': 'INVITE'})
            self.peer.wait_until_told({'status': 200, 'method': 'INVITE'})
            alice.wait_for_requests(2)
            self.peer.do('hang up')
            self.peer.wait_until_told({'status': 200, 'method': 'BYE'})
            self.assertEqual(methods(alice), ['INVITE', 'ACK', 'BYE'])

    def place(self):
        return types_pb2.Destination(host='localhost', port=self.peer.port, transport=types_pb2.TLS)

    @scenario('TLS', 'OPTIONS')
    def test_options(self):
        self.asks('TLS', 'OPTIONS')

    @scenario('mutual TLS', 'OPTIONS')
    def test_options_over_mutual_tls(self):
        delivery = self.asks('mutual TLS', 'OPTIONS')
        self.assertEqual(delivery.peer.matched_allowed_domain, '.example.com')

    @scenario('TLS', 'MESSAGE')
    def test_message(self):
        self.asks('TLS', 'MESSAGE', 'Watson, come here.')

    @scenario('TLS', 'calls: INVITE, ACK, BYE')
    def test_calls(self):
        self.calls('TLS')

    @scenario('mutual TLS', 'calls: INVITE, ACK, BYE')
    def test_calls_over_mutual_tls(self):
        self.calls('mutual TLS')

    @scenario('mutual TLS', 'is asked: OPTIONS')
    def test_is_asked(self):
        events = list(self.server.messaging.Send(send_pb2.SendRequest(
            endpoint='endpoints/alice-mutual-tls', destination=self.place(),
            request=sip_pb2.SipRequest(method='OPTIONS', request_uri='sip:npm@example.com')),
                                                 timeout=30))
        self.assertEqual(events[-1].response.status_code, 200, events)

    @scenario('mutual TLS', 'is called: INVITE, ACK, BYE')
    def test_is_called(self):
        call = OutgoingCall(self.server, 'alice-mutual-tls', 'sip:npm@example.com',
                            destination=self.place())
        call.wait_for(200)
        self.peer.wait_until_told({'request': 'ACK'})
        self.assertEqual(call.hang_up(), 200)
        self.peer.wait_until_told({'request': 'BYE'})


if __name__ == '__main__':
    unittest.main()
