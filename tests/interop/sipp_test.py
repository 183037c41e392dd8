"""sipp calls an application, and is called by it."""

import hashlib
import os
import re
import unittest

from proto.sipcm.v1 import types_pb2
from tests.integration.support.application import Application
from tests.interop.support import sipp
from tests.interop.support.call_application import OutgoingCall, methods, pick_up, ring
from tests.interop.support.interop_case import MANAGERS, InteropCase
from tests.interop.support.product import accepts
from tests.interop.support.registered import RegisteredEndpoint
from tests.interop.support.scenario import over_each, scenario

OURS = 'tests/interop/scenarios/%s.xml'
REALM = 'example.com'
CHALLENGE = 'Digest realm="%s", nonce="n1", algorithm=MD5' % REALM


def md5(*parts):
    return hashlib.md5(':'.join(parts).encode()).hexdigest()


class SippTest(InteropCase):
    PRODUCT = 'sipp'

    @staticmethod
    def version():
        return sipp.version()

    def call(self, what, transport, replies=pick_up):
        """Runs a caller once; the methods that the application got."""
        with Application(self.server, 'alice-' + MANAGERS[transport],
                         replies=replies) as application:
            sipp.run_once(what, self.address(transport), transport,
                          os.path.dirname(self.authority.certificate),
                          'peer' if transport == 'mutual TLS' else '')
            return methods(application)

    @over_each(MANAGERS, 'OPTIONS')
    def test_options(self, transport):
        def allow(_):
            return ({'status': 200, 'headers': [('Allow', 'OPTIONS')]},)
        self.assertEqual(self.call('deploy/scenarios/options.xml', transport, allow), ['OPTIONS'])

    @over_each(MANAGERS, 'MESSAGE')
    def test_message(self, transport):
        self.assertEqual(self.call('deploy/scenarios/message.xml', transport), ['MESSAGE'])

    @over_each(MANAGERS, 'calls: INVITE, ACK, BYE')
    def test_call(self, transport):
        self.assertEqual(self.call(OURS % 'call', transport), ['INVITE', 'ACK', 'BYE'])

    @over_each(MANAGERS, 'calls: re-INVITE')
    def test_call_again(self, transport):
        self.assertEqual(self.call(OURS % 'call_again', transport),
                         ['INVITE', 'ACK', 'INVITE', 'ACK', 'BYE'])

    @over_each(MANAGERS, 'calls: CANCEL')
    def test_cancel(self, transport):
        self.assertEqual(self.call(OURS % 'call_cancelled', transport, ring), ['INVITE'])

    @over_each(MANAGERS, 'calls: authentication (407)')
    def test_challenged_by_the_application(self, transport):
        answers = []

        def challenge(delivery):
            given = [header.value for header in delivery.request.headers
                     if header.name == 'Proxy-Authorization']
            if delivery.request.method == 'INVITE' and not given:
                return ({'status': 407, 'headers': [('Proxy-Authenticate', CHALLENGE)]},)
            answers.extend(dict(re.findall(r'(\w+)="?([^",]*)', value)) for value in given)
            return pick_up(delivery)

        self.assertEqual(self.call(OURS % 'call_challenged', transport, challenge),
                         ['INVITE', 'INVITE', 'ACK', 'BYE'])
        [answer] = answers
        self.assertEqual(answer['response'], md5(
            md5(answer['username'], REALM, 'password'), 'n1', md5('INVITE', answer['uri'])))

    @scenario('TCP', '1,000 calls')
    def test_a_thousand_calls(self):
        with Application(self.server, 'alice-tcp', replies=pick_up,
                         max_outstanding_count=4000) as application:
            sipp.run_many(OURS % 'call', self.address('TCP'), 1000, 150)
            got = methods(application)
        for method in ('INVITE', 'ACK', 'BYE'):
            self.assertEqual(got.count(method), 1000, method)

    def called(self, what):
        phone = self.enterContext(sipp.SippServer(OURS % what))
        phone.wait_until(lambda: accepts(phone.port), 'sipp')
        return phone, {'destination': types_pb2.Destination(host='127.0.0.1', port=phone.port,
                                                            transport=types_pb2.TCP)}

    @scenario('TCP', 'is called: INVITE, ACK, BYE')
    def test_called(self):
        phone, place = self.called('called')
        call = OutgoingCall(self.server, 'alice-tcp', 'sip:sipp@example.com', **place)
        call.wait_for(200)
        self.assertEqual(call.hang_up(), 200)
        phone.wait_for_success()

    @scenario('TCP', 'is called: 486')
    def test_called_while_busy(self):
        phone, place = self.called('called_busy')
        OutgoingCall(self.server, 'alice-tcp', 'sip:sipp@example.com', **place).wait_for(486)
        phone.wait_for_success()

    @scenario('TCP', 'is called: CANCEL')
    def test_called_by_someone_who_gives_up(self):
        phone, place = self.called('called_cancelled')
        call = OutgoingCall(self.server, 'alice-tcp', 'sip:sipp@example.com', **place)
        call.wait_for(180)
        call.cancel()
        phone.wait_for_success()

    @scenario('TCP', 'registrar: authentication (401)')
    def test_registrar(self):
        """sipp asks for credentials and verifies them; the deleted endpoint unregisters."""
        registrar = self.enterContext(sipp.SippServer(OURS % 'registrar'))
        registrar.wait_until(lambda: accepts(registrar.port), 'sipp')
        with RegisteredEndpoint(self.server, 'wendy', 'secret',
                                'sip:127.0.0.1:%d' % registrar.port):
            pass
        registrar.wait_for_success()


if __name__ == '__main__':
    unittest.main()
