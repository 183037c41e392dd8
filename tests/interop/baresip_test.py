"""baresip, registered to Kamailio, calls an application behind sipcm and is called by it."""

import unittest

from tests.integration.support.application import Application
from tests.interop.support import baresip
from tests.interop.support.baresip import Baresip
from tests.interop.support.call_application import OutgoingCall, methods, pick_up, ring
from tests.interop.support.interop_case import InteropCase
from tests.interop.support.kamailio import Kamailio, password_of
from tests.interop.support.registered import RegisteredEndpoint
from tests.interop.support.scenario import scenario


class BaresipTest(InteropCase):
    PRODUCT = 'baresip'

    @staticmethod
    def version():
        return baresip.version()

    def setUp(self):
        proxy = self.enterContext(Kamailio(self.peer_certificate, self.authority.certificate))
        self.enterContext(RegisteredEndpoint(self.server, 'carol', password_of('carol'),
                                             proxy.uri('tcp')))
        self.phone = self.enterContext(Baresip('dave', password_of('dave'), proxy.uri('tcp')))

    @scenario('TCP', 'calls an application, hangs up')
    def test_calls_and_hangs_up(self):
        with Application(self.server, 'carol', replies=pick_up) as carol:
            self.phone.command('dial', 'sip:carol@example.com')
            self.phone.wait_for('CALL_ESTABLISHED')
            self.phone.command('hangup')
            carol.wait_for_requests(3)
            self.assertEqual(methods(carol), ['INVITE', 'ACK', 'BYE'])
            self.phone.wait_for('CALL_CLOSED')

    @scenario('TCP', 'calls an application, gives up')
    def test_calls_and_gives_up(self):
        with Application(self.server, 'carol', replies=ring) as carol:
            self.phone.command('dial', 'sip:carol@example.com')
            self.phone.wait_for('CALL_RINGING')
            self.phone.command('hangup')
            self.assertTrue(carol.wait_for_notices()[0].HasField('cancelled'))
            self.phone.wait_for('CALL_CLOSED')

    @scenario('TCP', 'calls a busy application')
    def test_calls_someone_busy(self):
        with Application(self.server, 'carol', status=486):
            self.phone.command('dial', 'sip:carol@example.com')
            self.assertIn('486', self.phone.wait_for('CALL_CLOSED')['param'])

    @scenario('TCP', 'is called by an application, which hangs up')
    def test_is_called(self):
        call = OutgoingCall(self.server, 'carol', 'sip:dave@example.com')
        answer = call.wait_for(200)
        self.assertIn(b'm=audio', answer.body)
        self.phone.wait_for('CALL_ESTABLISHED')
        self.assertEqual(call.hang_up(), 200)
        self.phone.wait_for('CALL_CLOSED')

    @scenario('TCP', 'is called by an application, hangs up')
    def test_is_called_and_hangs_up(self):
        with Application(self.server, 'carol', replies=pick_up) as carol:
            call = OutgoingCall(self.server, 'carol', 'sip:dave@example.com')
            call.wait_for(200)
            self.phone.wait_for('CALL_ESTABLISHED')
            self.phone.command('hangup')
            carol.wait_for_requests(1)
            self.assertEqual(methods(carol), ['BYE'])
            self.phone.wait_for('CALL_CLOSED')


if __name__ == '__main__':
    unittest.main()
