"""Subscriptions and transfers, both ways (RFC 6665, RFC 3515).

docs/flows/subscriptions.md is printed from what passes here.
"""

import unittest

from proto.sipcm.v1 import types_pb2
from tests.conformance.flows.page import FlowCase, flow
from tests.conformance.flows.phone import ANSWER, Phone
from tests.conformance.flows.scripted_application import ScriptedApplication
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager

PARTIES = ('Alice', 'sipcm', 'Application')
BOB = 'sip:bob@example.com'
ALICE = 'sip:alice@example.com'
EVENT = ('Event', 'dialog')
REFERRED = ('Event', 'refer')
TARGET = ('Refer-To', '<sip:carol@example.org>')
TRYING = b'SIP/2.0 100 Trying\r\n'
DONE = b'SIP/2.0 200 OK\r\n'
FRAGMENT = ('Content-Type', 'message/sipfrag;version=2.0')
EXPIRED = ('Subscription-State', 'terminated;reason=timeout')
ENDED = ('Subscription-State', 'terminated;reason=noresource')


def lines(*headers):
    return ['%s: %s' % header for header in headers]


def active(seconds):
    return ('Subscription-State', 'active;expires=%d' % seconds)


def expires(seconds):
    return ('Expires', str(seconds))


class SubscriptionFlowsTest(FlowCase):
    PAGE = 'subscriptions.md'
    HEADING = ('# Subscriptions and transfers\n\n'
               'Printed by `//tests/conformance/flows:subscription_flows_test` from what passed; '
               '`---` is SIP over TCP, `===` the API. Tags, branches, ports and Call-IDs that '
               'differ in each run are replaced.')

    def start(self):
        """Alice, and the application."""
        self.server = self.enterContext(ServerProcess({
            'connection_managers': [tcp_manager(local_host_name='sipcm.example.com')],
            'endpoints': [endpoint('bob', BOB)]}))
        self.alice = self.enterContext(Phone('Alice', self.ladder))
        self.bob = self.enterContext(ScriptedApplication(self.server, self.ladder, 'bob'))

    def in_dialog(self, method, dialog):
        """The next delivery, which is of that dialog."""
        delivery = self.bob.expect(method)
        self.assertEqual((delivery.dialog, delivery.reason), (dialog, types_pb2.IN_DIALOG))
        return delivery

    def tell(self, dialog, *headers, body=b''):
        """The application notifies Alice."""
        send = self.bob.send('NOTIFY', '', headers, body, dialog=dialog)
        notify = self.alice.expect_request('NOTIFY')
        self.assertEqual(notify.body, body)
        self.alice.answer(notify, '200 OK')
        send.expect_sent()
        send.expect(200)

    def be_told(self, dialog, *headers, body=b''):
        """Alice notifies the application."""
        self.alice.request_in_dialog('NOTIFY', lines(*headers), body)
        notify = self.in_dialog('NOTIFY', dialog)
        self.assertEqual(notify.request.body, body)
        self.bob.answer(notify, 200)
        self.alice.expect(200, 'NOTIFY')

    def talk(self):
        """The dialog of a call that Alice made."""
        self.start()
        self.alice.connect(self.server.sip_address())
        self.alice.invite(BOB)
        dialog = self.bob.answer(self.bob.expect('INVITE'), 200, body=ANSWER).dialog
        self.alice.expect(200)
        self.alice.ack()
        self.bob.expect('ACK')
        return dialog

    @flow('A phone that subscribes', 'RFC 6665 4.1, 4.2.', PARTIES)
    def test_subscribed_to(self):
        """The answer to SUBSCRIBE makes the dialog; the application notifies by its name. Alice
        ends it with `Expires: 0`."""
        self.start()
        self.alice.connect(self.server.sip_address())
        self.alice.request('SUBSCRIBE', BOB, lines(EVENT, expires(600)))
        dialog = self.bob.answer(self.bob.expect('SUBSCRIBE'), 200, [expires(600)]).dialog
        self.alice.expect(200, 'SUBSCRIBE')
        self.tell(dialog, EVENT, active(600))
        self.alice.request_in_dialog('SUBSCRIBE', lines(EVENT, expires(0)))
        self.bob.answer(self.in_dialog('SUBSCRIBE', dialog), 200, [expires(0)])
        self.alice.expect(200, 'SUBSCRIBE')
        self.tell(dialog, EVENT, EXPIRED)

    @flow('An application that subscribes', 'RFC 6665 4.1, 4.2.', PARTIES)
    def test_subscribes(self):
        """What Alice notifies comes to the application that subscribed, in its dialog, until she
        says that it is over."""
        self.start()
        send = self.bob.send('SUBSCRIBE', ALICE, [EVENT, expires(600)], to=self.alice.listen())
        self.alice.accept()
        self.alice.answer(self.alice.expect_request('SUBSCRIBE'), '200 OK', lines(expires(600)))
        send.expect_sent()
        send.expect(200)
        self.be_told(send.dialog, EVENT, active(600))
        self.be_told(send.dialog, EVENT, ENDED)

    @flow('A caller who transfers the application', 'RFC 3515 4.1.', PARTIES)
    def test_referred(self):
        """REFER in the dialog of the call. The application tells in the same dialog how far it has
        come."""
        dialog = self.talk()
        self.alice.request_in_dialog('REFER', lines(TARGET))
        refer = self.in_dialog('REFER', dialog)
        self.bob.answer(refer, 202)
        self.alice.expect(202, 'REFER')
        self.tell(dialog, REFERRED, active(60), FRAGMENT, body=TRYING)
        self.tell(dialog, REFERRED, ENDED, FRAGMENT, body=DONE)
        self.alice.request_in_dialog('BYE')
        self.bob.answer(self.in_dialog('BYE', dialog), 200)
        self.alice.expect(200, 'BYE')

    @flow('An application that transfers its caller', 'RFC 3515 4.1.', PARTIES)
    def test_refers(self):
        """The server fills in what the dialog says; Alice's notifications find the application
        that sent the REFER."""
        dialog = self.talk()
        refer = self.bob.send('REFER', '', [TARGET], dialog=dialog)
        taken = self.alice.expect_request('REFER')
        self.assertEqual(taken.header('Refer-To'), TARGET[1])
        self.alice.answer(taken, '202 Accepted')
        refer.expect_sent()
        refer.expect(202)
        self.be_told(dialog, REFERRED, active(60), FRAGMENT, body=TRYING)
        self.be_told(dialog, REFERRED, ENDED, FRAGMENT, body=DONE)
        bye = self.bob.send('BYE', dialog=dialog)
        self.alice.answer(self.alice.expect_request('BYE'), '200 OK')
        bye.expect_sent()
        bye.expect(200)


if __name__ == '__main__':
    unittest.main()
