"""Calls from a SIP phone to an application (RFC 3665 section 3, seen by the called user agent).

docs/flows/incoming-calls.md is printed from what passes here.
"""

import unittest

from proto.sipcm.v1 import delivery_pb2
from tests.conformance.flows.page import FlowCase, flow
from tests.conformance.flows.phone import ANSWER, HELD, HOLD, OFFER, SDP, Phone
from tests.conformance.flows.scripted_application import ScriptedApplication
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager

PARTIES = ('Alice', 'sipcm', 'Application')
BOB = 'sip:bob@example.com'
PROXIES = ['Record-Route: <sip:p2.example.com;lr>', 'Record-Route: <sip:p1.example.com;lr>']


class IncomingCallsTest(FlowCase):
    PAGE = 'incoming-calls.md'
    HEADING = ('# Calls to an application\n\n'
               'Printed by `//tests/conformance/flows:incoming_calls_test` from what passed; `---` '
               'is SIP over TCP, `===` the API. Tags, branches, ports and Call-IDs that differ in '
               'each run are replaced.')

    def start(self, application=True, **settings):
        """(the phone, the application); `settings`: of its endpoint."""
        server = self.enterContext(ServerProcess({
            'connection_managers': [tcp_manager(local_host_name='sipcm.example.com')],
            'endpoints': [endpoint('bob', BOB, **settings)]}))
        alice = self.enterContext(Phone('Alice', self.ladder))
        alice.connect(server.sip_address())
        if not application:
            return alice, None
        return alice, self.enterContext(ScriptedApplication(server, self.ladder, 'bob'))

    def establish(self, alice, bob):
        """The delivery of the INVITE that was answered."""
        call = bob.expect('INVITE')
        bob.answer(call, 180)
        alice.expect(180)
        self.dialog = bob.answer(call, 200, body=ANSWER).dialog
        answer = alice.expect(200)
        self.assertEqual(answer.body, ANSWER)
        self.assertTrue(answer.header('Contact'))
        alice.ack()
        bob.expect('ACK')
        return call

    def hang_up(self, alice, bob):
        alice.request_in_dialog('BYE')
        bob.answer(bob.expect('BYE'), 200)
        alice.expect(200, 'BYE')

    @flow('A call that is answered', 'RFC 3665 3.1.', PARTIES)
    def test_answered(self):
        """Alice calls, the application answers, Alice hangs up. The server fills in what the
        application leaves out: tag, Contact, Record-Route."""
        alice, bob = self.start()
        alice.invite(BOB)
        call = self.establish(alice, bob)
        self.assertEqual(call.request.body, OFFER)
        self.hang_up(alice, bob)

    @flow('An application that hangs up', 'RFC 3665 3.1.', PARTIES)
    def test_hung_up(self):
        """The application names the dialog; the server fills in target, tags, CSeq and Route. The
        BYE goes on the connection that the call came by."""
        alice, bob = self.start()
        alice.invite(BOB)
        call = self.establish(alice, bob)
        bye = bob.send('BYE', dialog=self.dialog)
        alice.answer(alice.expect_request('BYE'), '200 OK')
        self.assertEqual(bye.expect_sent().connection, call.connection)
        bye.expect(200)

    @flow('A call by way of two proxies', 'RFC 3665 3.2.', PARTIES)
    def test_proxies(self):
        """The proxies want to stay on the way: their Record-Route comes back in the answer, in its
        order."""
        alice, bob = self.start()
        alice.invite(BOB, PROXIES)
        self.establish(alice, bob)
        self.assertEqual(['Record-Route: ' + route for route in reversed(alice.routes)], PROXIES)
        self.hang_up(alice, bob)

    @flow('A call whose offer comes with the answer', 'RFC 3665 3.6.', PARTIES)
    def test_late_offer(self):
        """Alice sends no session description: the application offers in its 200, she answers in
        the ACK."""
        alice, bob = self.start()
        alice.invite(BOB, body=b'')
        call = bob.expect('INVITE')
        bob.answer(call, 200, body=OFFER)
        self.assertEqual(alice.expect(200).body, OFFER)
        alice.ack(ANSWER)
        self.assertEqual(bob.expect('ACK').request.body, ANSWER)
        self.hang_up(alice, bob)

    @flow('A call that is put on hold', 'RFC 3665 3.7.', PARTIES)
    def test_hold(self):
        """A re-INVITE in the dialog goes to the same application, as every request of the call."""
        alice, bob = self.start()
        alice.invite(BOB)
        self.establish(alice, bob)
        alice.reinvite(HOLD)
        again = bob.expect('INVITE')
        self.assertEqual(again.request.body, HOLD)
        bob.answer(again, 200, body=HELD)
        alice.expect(200)
        alice.ack()
        bob.expect('ACK')
        self.hang_up(alice, bob)

    @flow('A caller who gives up', 'RFC 3665 3.8.', PARTIES)
    def test_cancelled(self):
        """The server answers the CANCEL and tells the application; since that does not answer the
        INVITE itself, the server does, and takes the ACK."""
        alice, bob = self.start()
        alice.invite(BOB)
        call = bob.expect('INVITE')
        bob.answer(call, 180)
        alice.expect(180)
        alice.cancel()
        alice.expect(200, 'CANCEL')
        self.assertEqual(bob.expect_notice('cancelled').request_id, call.request_id)
        alice.ack_failure(alice.expect(487, 'INVITE'))

    @flow('A busy application', 'RFC 3665 3.9.', PARTIES)
    def test_busy(self):
        """The ACK for a failure ends in the server: it belongs to the INVITE's transaction."""
        alice, bob = self.start()
        alice.invite(BOB)
        bob.answer(bob.expect('INVITE'), 486)
        alice.ack_failure(alice.expect(486))

    @flow('An application that does not answer', 'RFC 3665 3.10.', PARTIES)
    def test_no_answer(self):
        """When `invite_answer_timeout` has passed since its last provisional answer, the server
        answers and says so."""
        alice, bob = self.start(invite_answer_timeout='1s')
        alice.invite(BOB)
        call = bob.expect('INVITE')
        bob.answer(call, 180)
        alice.expect(180)
        failure = alice.expect(500)
        self.assertTrue(failure.header('Warning').startswith('399 '))
        alice.ack_failure(failure)
        self.assertEqual(bob.expect_notice('expired').request_id, call.request_id)

    @flow('Nobody there', 'RFC 3665 3.11.', PARTIES)
    def test_unavailable(self):
        """No application has subscribed to the endpoint: the server answers at once and says when
        to try again."""
        alice, _ = self.start(application=False)
        alice.invite(BOB)
        failure = alice.expect(480)
        self.assertTrue(failure.header('Retry-After'))
        alice.ack_failure(failure)

    @flow('A call that is sent elsewhere', 'RFC 3665 3.6, the redirecting side.', PARTIES)
    def test_redirected(self):
        """Contact is the application's own in a redirection."""
        alice, bob = self.start()
        alice.invite(BOB)
        bob.answer(bob.expect('INVITE'), 302, [('Contact', '<sip:bob@elsewhere.example.com>')])
        moved = alice.expect(302)
        self.assertEqual(moved.header('Contact'), '<sip:bob@elsewhere.example.com>')
        alice.ack_failure(moved)

    @flow('An application that comes back', '`resume_token` of `Messaging.Subscribe`.', PARTIES)
    def test_returned(self):
        """Its stream breaks while the phone rings. It comes back with the token of that stream,
        gets the INVITE again under the same id, and answers; Alice notices nothing. The call is its
        own as before."""
        alice, bob = self.start()
        alice.invite(BOB)
        first = bob.expect('INVITE')
        bob.answer(first, 180)
        alice.expect(180)
        bob.break_off()
        self.assertTrue(bob.come_back().resumed)
        again = bob.expect('INVITE')
        self.assertEqual((again.request_id, again.attempt), (first.request_id, 2))
        self.assertEqual(again.attempt_reason, delivery_pb2.RequestDelivery.RESUMED)
        bob.answer(again, 200, body=ANSWER)
        self.assertEqual(alice.expect(200).body, ANSWER)
        alice.ack()
        bob.expect('ACK')
        self.hang_up(alice, bob)

    @flow('A message', 'RFC 3428.', PARTIES)
    def test_message(self):
        """No call: one request, one answer."""
        alice, bob = self.start()
        alice.request('MESSAGE', BOB, ['Content-Type: text/plain'], b'Watson, come here.\r\n')
        message = bob.expect('MESSAGE')
        self.assertEqual(message.request.body, b'Watson, come here.\r\n')
        bob.answer(message, 200)
        alice.expect(200)


if __name__ == '__main__':
    unittest.main()
