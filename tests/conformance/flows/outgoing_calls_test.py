"""Calls from an application to a SIP phone (RFC 3665 section 3, seen by the calling user agent).

docs/flows/outgoing-calls.md is printed from what passes here.
"""

import unittest

from tests.conformance.flows.page import FlowCase, flow
from tests.conformance.flows.phone import OFFER, Phone, tag_of
from tests.conformance.flows.scripted_application import ScriptedApplication
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager

PARTIES = ('Application', 'sipcm', 'Bob')
BOB = 'sip:bob@example.com'
CHALLENGE = 'Digest realm="example.com", nonce="bob-1", qop="auth"'
CREDENTIALS = ('Digest username="alice", realm="example.com", nonce="bob-1", qop=auth, nc=00000001, '
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

    def call(self, **more):
        """(the phone, the application, its send, the INVITE that came)."""
        bob = self.enterContext(Phone('Bob', self.ladder, BOB))
        alice = self.enterContext(ScriptedApplication(self.server, self.ladder, 'alice'))
        self.place = bob.listen()
        send = alice.send('INVITE', BOB, body=OFFER, to=self.place, **more)
        bob.accept()
        invite = bob.expect_request('INVITE')
        self.assertEqual(invite.body, OFFER)
        self.assertTrue(invite.header('Contact'))
        send.expect_sent()
        return bob, alice, send, invite

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

    @flow('A proxy that wants to know who calls', 'RFC 3665 3.3.', PARTIES)
    def test_challenged(self):
        """A peer-to-peer endpoint has no credentials: its application gets the challenge, and can
        answer it in another INVITE of the same Call-ID."""
        bob, alice, send, invite = self.call()
        bob.answer(invite, '407 Proxy Authentication Required',
                   ['Proxy-Authenticate: ' + CHALLENGE])
        challenge = send.expect(407)
        self.assertIn('Proxy-Authenticate', [header.name for header in challenge.headers])
        bob.expect_request('ACK')
        again = alice.send('INVITE', BOB, [
            ('Call-ID', invite.header('Call-ID')),
            ('CSeq', '%d INVITE' % (int(invite.header('CSeq').split()[0]) + 1)),
            ('Proxy-Authorization', CREDENTIALS)], OFFER, to=self.place)
        second = bob.expect_request('INVITE')
        again.expect_sent()
        self.assertEqual(second.header('Call-ID'), invite.header('Call-ID'))
        bob.answer(second, '486 Busy Here')
        again.expect(486)
        bob.expect_request('ACK')


if __name__ == '__main__':
    unittest.main()
