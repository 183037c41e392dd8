"""Kamailio as registrar and outbound proxy, over TCP and mutual TLS, with digest."""

import unittest

from proto.sipcm.v1 import send_pb2, sip_pb2, types_pb2
from tests.integration.support.application import Application
from tests.interop.support import kamailio
from tests.interop.support.call_application import OutgoingCall, methods, pick_up, ring
from tests.interop.support.interop_case import InteropCase
from tests.interop.support.kamailio import Kamailio, password_of
from tests.interop.support.registered import RegisteredEndpoint
from tests.interop.support.scenario import scenario


class KamailioTest(InteropCase):
    PRODUCT = 'Kamailio'

    @staticmethod
    def version():
        return kamailio.version()

    @classmethod
    def more_managers(cls):
        return [{'name': 'connectionManagers/client', 'kind': 'CLIENT',
                 'certificate': 'certificates/server', 'trust_bundle': 'trustBundles/ca',
                 'local_host_name': '127.0.0.1'}]  # Kamailio does not know "localhost".

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kamailio = cls.enterClassContext(
            Kamailio(cls.peer_certificate, cls.authority.certificate))

    def register(self, user, transport, registrar=None, **more):
        return self.enterContext(RegisteredEndpoint(
            self.server, user, password_of(user), (registrar or self.kamailio).uri(transport),
            'client', **more))

    def register_and_call(self, transport):
        """Two endpoints of ours, each on a flow of its own, with Kamailio between them."""
        self.register('carol', transport)
        self.register('dave', transport)
        with Application(self.server, 'dave', replies=pick_up) as dave:
            call = OutgoingCall(self.server, 'carol', 'sip:dave@example.com')
            call.wait_for(200)
            self.assertEqual(call.hang_up(), 200)
            dave.wait_for_requests(3)
            self.assertEqual(methods(dave), ['INVITE', 'ACK', 'BYE'])

    def message(self, endpoint, transport, port, uri='sip:dave@example.com'):
        """From a peer-to-peer endpoint, by way of Kamailio as its outbound proxy."""
        events = list(self.server.messaging.Send(send_pb2.SendRequest(
            endpoint='endpoints/' + endpoint, request=sip_pb2.SipRequest(
                method='MESSAGE', request_uri=uri),
            destination=types_pb2.Destination(host='localhost', port=port, transport=transport)),
                                                 timeout=30))
        self.assertEqual(events[-1].response.status_code, 200, events)

    @scenario('TCP', 'registers with digest')
    def test_registers(self):
        self.register('carol', 'tcp')

    @scenario('mutual TLS', 'registers with digest')
    def test_registers_over_mutual_tls(self):
        self.register('carol', 'tls')

    def learn(self, transport):
        carol = self.register('carol', transport).get()
        self.assertIn(';gr=urn:uuid:', carol.gruu)
        self.assertTrue(carol.registration.temporary_gruus)
        self.assertTrue(carol.registration.outbound)
        self.assertEqual(carol.registration.flow_timer.seconds, 25)

    @scenario('TCP', 'registers: outbound, Flow-Timer, GRUUs')
    def test_learns(self):
        self.learn('tcp')

    @scenario('mutual TLS', 'registers: outbound, Flow-Timer, GRUUs')
    def test_learns_over_mutual_tls(self):
        self.learn('tls')

    @scenario('TCP', 'MESSAGE to a GRUU of a registered endpoint')
    def test_message_to_gruu(self):
        gruu = self.register('dave', 'tcp').get().gruu
        with Application(self.server, 'dave') as dave:
            self.message('alice-tcp', types_pb2.TCP, self.kamailio.tcp_port, gruu)
            self.assertEqual(methods(dave), ['MESSAGE'])

    @scenario('TCP', 'registers with digest SHA-256')
    def test_registers_with_sha_256(self):
        with Kamailio(self.peer_certificate, self.authority.certificate, 'SHA-256') as registrar:
            self.register('carol', 'tcp', registrar)

    @scenario('TCP', 'registers with a wrong password: FAILED')
    def test_refused(self):
        with RegisteredEndpoint(self.server, 'carol', 'wrong', self.kamailio.uri('tcp'), 'client',
                                'FAILED') as carol:
            self.assertIn('not accepted', carol.get().state_reason)

    @scenario('TCP', 'calls through it, with digest: INVITE, ACK, BYE')
    def test_calls(self):
        self.register_and_call('tcp')

    @scenario('mutual TLS', 'calls through it, with digest: INVITE, ACK, BYE')
    def test_calls_over_mutual_tls(self):
        self.register_and_call('tls')

    def call_and_cancel(self, transport):
        self.register('carol', transport)
        self.register('dave', transport)
        with Application(self.server, 'dave', replies=ring) as dave:
            call = OutgoingCall(self.server, 'carol', 'sip:dave@example.com')
            call.wait_for(180)
            call.cancel()
            self.assertTrue(dave.wait_for_notices()[0].HasField('cancelled'))

    @scenario('TCP', 'calls through it: CANCEL')
    def test_cancel(self):
        self.call_and_cancel('tcp')

    @scenario('mutual TLS', 'calls through it: CANCEL')
    def test_cancel_over_mutual_tls(self):
        self.call_and_cancel('tls')

    @scenario('TCP', 'MESSAGE from a peer-to-peer endpoint')
    def test_message(self):
        self.register('dave', 'tcp')
        with Application(self.server, 'dave') as dave:
            self.message('alice-tcp', types_pb2.TCP, self.kamailio.tcp_port)
            self.assertEqual(methods(dave), ['MESSAGE'])

    @scenario('mutual TLS', 'MESSAGE from a peer-to-peer endpoint')
    def test_message_over_mutual_tls(self):
        self.register('dave', 'tls')
        with Application(self.server, 'dave') as dave:
            self.message('alice-mutual-tls', types_pb2.TLS, self.kamailio.tls_port)
            self.assertEqual(methods(dave), ['MESSAGE'])


if __name__ == '__main__':
    unittest.main()
