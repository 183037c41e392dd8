"""Calls from an application to a SIP phone (RFC 3665 section 3, seen by the calling user agent).

docs/flows/outgoing-calls.md is printed from what passes here.
"""

import unittest

from proto.sipcm.v1 import send_pb2
from tests.conformance.flows.page import FlowCase, flow
from tests.conformance.flows.phone import ANSWER, HELD, HOLD, OFFER, Phone, tag_of
from tests.conformance.flows.scripted_application import ScriptedApplication
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager

PARTIES = ('Application', 'sipcm', 'Bob')
BOB = 'sip:bob@example.com'
CHALLENGE = 'Digest realm="%s", nonce="bob-1", qop="auth"'
CREDENTIALS = ('Digest username="alice", realm="%s", nonce="bob-1", qop=auth, nc=00000001, '
               'uri="sip:bob@example.com", cnonce="alice-1", '
               'response="0123456789abcdef0123456789abcdef"')  # Bob takes any.


class OutgoingCallsTest(FlowCase):
    PAGE = 'outgoing-calls.md'
    HEADING = ('# Calls from an application\n\n'
               'Printed by `//tests/conformance/flows:outgoing_calls_test` from what passed; `---` '
               'is SIP over TCP, `===` the API. Tags, branches, ports and Call-IDs that differ in '
               'each run are replaced.')

    def setUp(self):
        self.server = self.enterContext(ServerProcess({
            'connection_managers': [tcp_manager(
                local_host_name='sipcm.example.com', default_max_connection_count=1)],
            'endpoints': [endpoint('alice', 'sip:alice@example.com')]}))

    def subscribe(self):
        return self.enterContext(ScriptedApplication(self.server, self.ladder, 'alice'))

    def call(self, offer=OFFER, alice=None, **more):
        """(the phone, the application, its send, the INVITE that came)."""
        bob = self.enterContext(Phone('Bob', self.ladder, BOB))
        alice = alice or self.subscribe()
        self.place = bob.listen()
        send = alice.send('INVITE', BOB, body=offer, to=self.place, **more)
        bob.accept()
        invite = bob.expect_request('INVITE')
        self.assertEqual(invite.body, offer)
        self.assertTrue(invite.header('Contact'))
        send.expect_sent()
        return bob, alice, send, invite

    def establish(self, **more):
        """(the phone, the application, the dialog)."""
        bob, alice, send, invite = self.call(**more)
        bob.answer(invite, '180 Ringing')
        send.expect(180)
        bob.answer(invite, '200 OK', body=ANSWER)
        self.assertEqual(send.expect(200).body, ANSWER)
        self.assertTrue(send.dialog)
        bob.expect_request('ACK')
        return bob, alice, send.dialog

    def hang_up(self, bob, alice, dialog):
        bye = alice.send('BYE', dialog=dialog)
        bob.answer(bob.expect_request('BYE'), '200 OK')
        bye.expect_sent()
        bye.expect(200)

    @flow('A call that is answered', 'RFC 3665 3.1.', PARTIES)
    def test_answered(self):
        """The server acknowledges the 200. The application names the dialog that the 200 made, and
        the server fills in target, tags, CSeq and Route of what is sent in it."""
        bob, alice, dialog = self.establish()
        self.hang_up(bob, alice, dialog)

    @flow('A called party who hangs up', 'RFC 3665 3.1.', PARTIES)
    def test_hung_up(self):
        """The BYE comes on the flow of the call and is delivered to the application that called."""
        bob, alice, dialog = self.establish()
        bob.request_in_dialog('BYE')
        bye = alice.expect('BYE')
        self.assertEqual(bye.dialog, dialog)
        alice.answer(bye, 200)
        bob.expect(200)

    @flow('A call that is put on hold', 'RFC 3665 3.7.', PARTIES)
    def test_hold(self):
        """A re-INVITE by the name of the dialog; its ACK has the re-INVITE's CSeq."""
        bob, alice, dialog = self.establish()
        again = alice.send('INVITE', dialog=dialog, body=HOLD)
        invite = bob.expect_request('INVITE')
        bob.answer(invite, '200 OK', body=HELD)
        again.expect_sent()
        again.expect(200)
        ack = bob.expect_request('ACK')
        self.assertEqual(ack.header('CSeq').split()[0], invite.header('CSeq').split()[0])
        self.hang_up(bob, alice, dialog)

    @flow('A call by way of two proxies', 'RFC 3665 3.2.', PARTIES)
    def test_proxies(self):
        """Record-Route of the answer, reversed, becomes the Route of what follows in the dialog."""
        bob, alice, send, invite = self.call()
        routes = ['<sip:p2.example.com;lr>', '<sip:p1.example.com;lr>']
        bob.answer(invite, '200 OK', ['Record-Route: ' + route for route in routes], ANSWER)
        send.expect(200)
        ack = bob.expect_request('ACK')
        self.assertEqual(', '.join(ack.all('Route')), ', '.join(reversed(routes)))
        self.hang_up(bob, alice, send.dialog)

    @flow('A call whose offer comes with the answer', 'RFC 3665 3.6.', PARTIES)
    def test_late_offer(self):
        """The INVITE has no session description, so only the application knows what the ACK for the
        phone's offer has to say."""
        bob, alice, send, invite = self.call(offer=b'')
        bob.answer(invite, '200 OK', body=OFFER)
        self.assertEqual(send.expect(200).body, OFFER)
        alice.send('ACK', dialog=send.dialog, body=ANSWER)
        self.assertEqual(bob.expect_request('ACK').body, ANSWER)
        self.hang_up(bob, alice, send.dialog)

    @flow('A proxy that has failed', 'RFC 3665 3.4.', PARTIES)
    def test_failed_proxy(self):
        """Nobody listens at the first proxy: the application hears so, and that no byte of its
        INVITE went out. It calls by way of the second one."""
        alice = self.subscribe()
        lost = alice.send('INVITE', BOB, body=OFFER, to=('127.0.0.1', 1))
        failure = lost.expect_failure('CONNECT_REFUSED')
        self.assertEqual(failure.written, send_pb2.SendFailure.NOTHING)
        bob, alice, dialog = self.establish(alice=alice)
        self.hang_up(bob, alice, dialog)

    @flow('A busy phone', 'RFC 3665 3.9.', PARTIES)
    def test_busy(self):
        """The server sends the ACK for a failure by itself."""
        bob, _, send, invite = self.call()
        bob.answer(invite, '486 Busy Here')
        send.expect(486)
        ack = bob.expect_request('ACK')
        self.assertEqual(ack.header('Via'), invite.header('Via'))
        self.assertTrue(tag_of(ack.header('To')))

    @flow('A caller who gives up', 'RFC 3665 3.8.', PARTIES)
    def test_cancelled(self):
        """The application ends its call of the API; the server cancels the INVITE and ends the
        transaction in order."""
        bob, _, send, invite = self.call()
        bob.answer(invite, '180 Ringing')
        send.expect(180)
        send.cancel()
        cancel = bob.expect_request('CANCEL')
        self.assertEqual(cancel.header('Via'), invite.header('Via'))
        bob.answer(cancel, '200 OK')
        bob.answer(invite, '487 Request Terminated')
        bob.expect_request('ACK')

    @flow('A phone that does not answer', 'RFC 3665 3.10.', PARTIES)
    def test_no_answer(self):
        """Nothing final within `timeout` of the last provisional response: the application is
        told, and the INVITE is cancelled."""
        bob, _, send, invite = self.call(timeout={'seconds': 1})
        bob.answer(invite, '180 Ringing')
        send.expect(180)
        cancel = bob.expect_request('CANCEL')
        bob.answer(cancel, '200 OK')
        bob.answer(invite, '487 Request Terminated')
        bob.expect_request('ACK')
        send.expect_failure('RESPONSE_TIMEOUT')

    @flow('A phone that is not available', 'RFC 3665 3.11.', PARTIES)
    def test_unavailable(self):
        """As any failure."""
        bob, _, send, invite = self.call()
        bob.answer(invite, '480 Temporarily Unavailable', ['Retry-After: 60'])
        send.expect(480)
        bob.expect_request('ACK')

    @flow('A call that is sent elsewhere', 'RFC 3665 3.6.', PARTIES)
    def test_redirected(self):
        """The application decides whether to follow: it finds the Contact in the response."""
        bob, _, send, invite = self.call()
        bob.answer(invite, '302 Moved Temporarily')
        contacts = [header.value for header in send.expect(302).headers
                    if header.name == 'Contact']
        self.assertEqual(len(contacts), 1)
        bob.expect_request('ACK')

    def challenge(self, bob, send, invite, realm):
        """A proxy refuses, and Bob stands for it."""
        bob.answer(invite, '407 Proxy Authentication Required',
                   ['Proxy-Authenticate: ' + CHALLENGE % realm])
        challenge = send.expect(407)
        self.assertIn('Proxy-Authenticate', [header.name for header in challenge.headers])
        bob.expect_request('ACK')

    def call_again(self, bob, alice, invite, realms):
        """(the send, the INVITE): of the same Call-ID, with what each realm asks for."""
        again = alice.send('INVITE', BOB, [
            ('From', invite.header('From')), ('Call-ID', invite.header('Call-ID')),
            ('CSeq', '%d INVITE' % (int(invite.header('CSeq').split()[0]) + 1)),
            *[('Proxy-Authorization', CREDENTIALS % realm) for realm in realms]], OFFER,
                           to=self.place)
        second = bob.expect_request('INVITE')
        again.expect_sent()
        self.assertEqual(second.header('Call-ID'), invite.header('Call-ID'))
        self.assertEqual(second.all('Proxy-Authorization'),
                         [CREDENTIALS % realm for realm in realms])
        return again, second

    @flow('A proxy that wants to know who calls', 'RFC 3665 3.3.', PARTIES)
    def test_challenged(self):
        """A peer-to-peer endpoint has no credentials: its application gets the challenge, and can
        answer it in another INVITE of the same Call-ID."""
        bob, alice, send, invite = self.call()
        self.challenge(bob, send, invite, 'example.com')
        again, second = self.call_again(bob, alice, invite, ['example.com'])
        bob.answer(second, '486 Busy Here')
        again.expect(486)
        bob.expect_request('ACK')

    @flow('Two proxies that want to know who calls', 'RFC 3665 3.3.', PARTIES)
    def test_challenged_twice(self):
        """One after the other. The ACK of the 200 brings what the INVITE brought (RFC 3261 22.1),
        and so would whatever proxy lets through."""
        bob, alice, send, invite = self.call()
        realms = ['atlanta.example.com', 'biloxi.example.com']
        for count, realm in enumerate(realms, start=1):
            self.challenge(bob, send, invite, realm)
            send, invite = self.call_again(bob, alice, invite, realms[:count])
        bob.answer(invite, '180 Ringing')
        send.expect(180)
        bob.answer(invite, '200 OK', body=ANSWER)
        send.expect(200)
        ack = bob.expect_request('ACK')
        self.assertEqual(ack.all('Proxy-Authorization'),
                         [CREDENTIALS % realm for realm in realms])
        self.hang_up(bob, alice, send.dialog)


if __name__ == '__main__':
    unittest.main()
