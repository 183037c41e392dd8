"""Calls and subscriptions of applications that never look at a tag, through real servers."""

import unittest

import grpc

from proto.sipcm.v1 import (attach_pb2, delivery_pb2, send_pb2, sip_pb2,
                            subscription_pb2, types_pb2)
from tests.integration.support.application import Application
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager
from tests.integration.support.sip_peer import SipPeer, request
from tests.integration.support.waiting import wait_for

SDP = b'v=0\r\n'


def send(server, sender, method, uri='', dialog='', body=b'', headers=()):
    """All events of one request."""
    headers = [sip_pb2.SipHeader(name=name, value=value) for name, value in headers]
    if body:
        headers.append(sip_pb2.SipHeader(name='Content-Type', value='application/sdp'))
    return list(server.messaging.Send(
        send_pb2.SendRequest(
            endpoint='endpoints/' + sender, dialog=dialog,
            request=sip_pb2.SipRequest(method=method, request_uri=uri, headers=headers,
                                       body=body)), timeout=30))


class TwoServersTest(unittest.TestCase):
    """Alice behind one server, Carol behind another: both ends of a call are applications."""

    @classmethod
    def setUpClass(cls):
        cls.home = cls.enterClassContext(ServerProcess({
            'connection_managers': [tcp_manager()],
            'endpoints': [endpoint('alice', 'sip:alice@example.com')]}))
        cls.away = cls.enterClassContext(ServerProcess({
            'connection_managers': [tcp_manager()],
            'endpoints': [endpoint('carol', 'sip:carol@example.org')]}))

    def setUp(self):
        self.alice = self.enterContext(Application(self.home, 'alice', status=None))
        self.carol = self.enterContext(Application(self.away, 'carol', status=None))
        self.uri = 'sip:carol@%s:%d' % self.away.sip_address()

    def call(self, body=SDP):
        """The names of the dialog, with Alice and with Carol."""
        stream = self.home.messaging.Send(send_pb2.SendRequest(
            endpoint='endpoints/alice',
            request=sip_pb2.SipRequest(
                method='INVITE', request_uri=self.uri, body=body,
                headers=[sip_pb2.SipHeader(name='To', value='<sip:carol@example.org>')] +
                ([sip_pb2.SipHeader(name='Content-Type', value='application/sdp')]
                 if body else []))), timeout=30)
        invite = self.carol.wait_for_requests()[0]
        self.assertEqual(invite.dialog, '')
        ringing = self.carol.answer(invite, 180)
        answered = self.carol.answer(invite, 200)
        self.assertEqual(ringing.dialog, answered.dialog)
        events = list(stream)
        self.assertEqual([event.WhichOneof('event') for event in events[-2:]],
                         ['response', 'response'])
        self.assertEqual(events[-2].dialog, events[-1].dialog)
        self.assertTrue(events[-1].dialog)
        return events[-1].dialog, answered.dialog

    def next_request(self, application, count, method):
        delivery = application.wait_for_requests(count)[count - 1]
        self.assertEqual(delivery.request.method, method)
        self.assertEqual(delivery.reason, types_pb2.IN_DIALOG)
        return delivery

    def assert_over(self, server, sender, dialog):
        with self.assertRaises(grpc.RpcError) as refused:
            send(server, sender, 'BYE', dialog=dialog)
        self.assertEqual(refused.exception.code(), grpc.StatusCode.NOT_FOUND)

    def test_the_caller_hangs_up(self):
        mine, theirs = self.call()
        # The server has acknowledged the 2xx.
        ack = self.carol.wait_for_requests(2)[1]
        self.assertEqual(ack.request.method, 'ACK')
        self.assertEqual(ack.dialog, theirs)
        caller = self.home.messaging.Send(send_pb2.SendRequest(
            endpoint='endpoints/alice', dialog=mine,
            request=sip_pb2.SipRequest(method='BYE')), timeout=30)
        bye = self.next_request(self.carol, 3, 'BYE')
        self.assertEqual(bye.dialog, theirs)
        self.carol.answer(bye, 200)
        self.assertEqual(list(caller)[-1].response.status_code, 200)
        self.assert_over(self.home, 'alice', mine)
        self.assert_over(self.away, 'carol', theirs)

    def test_the_called_one_hangs_up(self):
        mine, theirs = self.call()
        callee = self.away.messaging.Send(send_pb2.SendRequest(
            endpoint='endpoints/carol', dialog=theirs,
            request=sip_pb2.SipRequest(method='BYE')), timeout=30)
        bye = self.next_request(self.alice, 1, 'BYE')
        self.assertEqual(bye.dialog, mine)
        self.alice.answer(bye, 200)
        self.assertEqual(list(callee)[-1].response.status_code, 200)
        self.assert_over(self.home, 'alice', mine)
        self.assert_over(self.away, 'carol', theirs)

    def test_a_re_invite_and_an_info_are_of_the_same_dialog(self):
        mine, theirs = self.call()
        for count, method, body in ((3, 'INVITE', SDP), (5, 'INFO', b'')):
            stream = self.home.messaging.Send(send_pb2.SendRequest(
                endpoint='endpoints/alice', dialog=mine,
                request=sip_pb2.SipRequest(
                    method=method, body=body,
                    headers=[sip_pb2.SipHeader(name='Content-Type', value='application/sdp')]
                    if body else [])), timeout=30)
            delivery = self.next_request(self.carol, count, method)
            self.assertEqual(delivery.dialog, theirs)
            self.assertEqual(self.carol.answer(delivery, 200).dialog, theirs)
            self.assertEqual(list(stream)[-1].dialog, mine)

    def test_an_offer_in_the_answer_is_acknowledged_by_the_application(self):
        mine, _ = self.call(body=b'')
        events = send(self.home, 'alice', 'ACK', dialog=mine, body=SDP)
        self.assertEqual([event.WhichOneof('event') for event in events], ['sent'])
        ack = self.carol.wait_for_requests(2)[1]
        self.assertEqual((ack.request.method, ack.request.body), ('ACK', SDP))

    def test_a_subscription_is_notified_until_it_is_terminated(self):
        stream = self.home.messaging.Send(send_pb2.SendRequest(
            endpoint='endpoints/alice', request=sip_pb2.SipRequest(
                method='SUBSCRIBE', request_uri=self.uri,
                headers=[sip_pb2.SipHeader(name='To', value='<sip:carol@example.org>'),
                         sip_pb2.SipHeader(name='Event', value='presence'),
                         sip_pb2.SipHeader(name='Expires', value='60')])), timeout=30)
        theirs = self.carol.answer(self.carol.wait_for_requests()[0], 200).dialog
        mine = list(stream)[-1].dialog
        for count, state in ((1, 'active'), (2, 'terminated;reason=noresource')):
            notify = self.away.messaging.Send(send_pb2.SendRequest(
                endpoint='endpoints/carol', dialog=theirs, request=sip_pb2.SipRequest(
                    method='NOTIFY',
                    headers=[sip_pb2.SipHeader(name='Event', value='presence'),
                             sip_pb2.SipHeader(name='Subscription-State', value=state)])),
                timeout=30)
            delivery = self.next_request(self.alice, count, 'NOTIFY')
            self.assertEqual(delivery.dialog, mine)
            self.alice.answer(delivery, 200)
            self.assertEqual(list(notify)[-1].response.status_code, 200)
        self.assert_over(self.home, 'alice', mine)

    def test_the_stream_that_calls_has_the_dialog(self):
        frames = [
            attach_pb2.ApplicationFrame(open=attach_pb2.Open(subscriptions=[
                attach_pb2.AttachedSubscription(
                    subscription_id=1, subscribe=subscription_pb2.SubscribeRequest(
                        endpoint='endpoints/alice'))])),
            attach_pb2.ApplicationFrame(requests=[attach_pb2.AttachedSend(
                send_id=7, send=send_pb2.SendRequest(
                    endpoint='endpoints/alice', request=sip_pb2.SipRequest(
                        method='INVITE', request_uri=self.uri, body=SDP,
                        headers=[sip_pb2.SipHeader(name='To', value='<sip:carol@example.org>'),
                                 sip_pb2.SipHeader(name='Content-Type',
                                                   value='application/sdp')])))])]
        done, infos = [], []

        def outgoing():
            yield from frames
            wait_for(lambda: done, 'end of the test')

        stream = self.home.messaging.Attach(outgoing())
        try:
            theirs = self.carol.answer(self.carol.wait_for_requests()[0], 200).dialog
            infos = [self.away.messaging.Send(send_pb2.SendRequest(
                endpoint='endpoints/carol', dialog=theirs,
                request=sip_pb2.SipRequest(method='INFO')), timeout=30) for _ in range(5)]
            taken = []
            for frame in stream:
                taken += [delivery.request for delivery in frame.deliveries
                          if delivery.HasField('request')]
                if len(taken) == 5:
                    break
            self.assertEqual({delivery.request.method for delivery in taken}, {'INFO'})
            self.assertEqual(self.alice.requests(), [])
        finally:
            done.append(True)
            for info in infos:
                info.cancel()
            stream.cancel()


class PeerTest(unittest.TestCase):
    """What a peer may do with the tags that it got."""

    def setUp(self):
        self.server = self.enterContext(ServerProcess({
            'connection_managers': [tcp_manager()],
            'endpoints': [endpoint('alice', 'sip:alice@example.com')]}))
        self.peer = self.enterContext(SipPeer(self.server.sip_address()))

    def in_dialog(self, method, cseq):
        """The peer's next request in its call, as bytes."""
        lines = request(method, to=self.to, call_id='call').decode().split('\r\n')
        changed = {'From': self.sender, 'CSeq': '%d %s' % (cseq, method)}
        return '\r\n'.join(
            '%s: %s' % (line.split(':')[0], changed[line.split(':')[0]])
            if line.split(':')[0] in changed else line for line in lines).encode()

    def be_called(self, application):
        """An established call. Its dialog."""
        invite = request('INVITE', call_id='call', extra=['Contact: <sip:peer@127.0.0.1:9>'])
        self.sender = [line.split(b': ')[1].decode() for line in invite.split(b'\r\n')
                       if line.startswith(b'From')][0]
        self.peer.send(invite)
        dialog = application.answer(application.wait_for_requests()[0]).dialog
        answer = self.peer.read()
        while answer.status < 200:
            answer = self.peer.read()
        self.to = answer.header('To')
        self.assertTrue(answer.header('Contact').startswith('<sip:alice@'), answer.headers)
        self.peer.send(self.in_dialog('ACK', 1).replace(b'CSeq: 1 ', b'CSeq: %d ' % self.number(
            invite)))
        self.first = self.number(invite)
        application.wait_for_requests(2)
        return dialog

    @staticmethod
    def number(message):
        return int([line for line in message.split(b'\r\n')
                    if line.startswith(b'CSeq')][0].split()[1])

    def test_a_lower_cseq_is_out_of_order_and_what_nobody_has_is_481(self):
        with Application(self.server, 'alice', status=None) as alice:
            self.be_called(alice)
            self.peer.send(self.in_dialog('INFO', self.first + 5))
            alice.answer(alice.wait_for_requests(3)[2])
            self.assertEqual(self.peer.read().status, 200)
            self.peer.send(self.in_dialog('INFO', self.first + 4))
            answer = self.peer.read()
            self.assertEqual(answer.status, 500)
            self.assertTrue(answer.header('Warning').startswith('399 '), answer.headers)
            self.to = '<sip:alice@example.com>;tag=nobody'
            for method in ('BYE', 'INFO', 'MESSAGE'):
                self.peer.send(self.in_dialog(method, self.first + 9))
                self.assertEqual(self.peer.read().status, 481)
            self.assertEqual(len(alice.requests()), 3)

    def test_the_owner_gets_all_until_it_is_gone_and_then_another_with_the_reason(self):
        owner = Application(self.server, 'alice', status=None)
        self.be_called(owner)
        with Application(self.server, 'alice', status=200) as other:
            for count in range(4):
                self.peer.send(self.in_dialog('INFO', self.first + 1 + count))
                owner.answer(owner.wait_for_requests(3 + count)[2 + count])
                self.assertEqual(self.peer.read().status, 200)
            self.assertEqual(other.requests(), [])
            owner.leave()
            self.peer.send(self.in_dialog('BYE', self.first + 9))
            self.assertEqual(self.peer.read().status, 200)
            bye = other.requests()[0]
            self.assertEqual(bye.reason, types_pb2.IN_DIALOG)
            self.assertEqual(bye.attempt, 1)
            self.assertEqual(bye.attempt_reason,
                             delivery_pb2.RequestDelivery.DIALOG_OWNER_LOST)

    def test_a_dialog_goes_on_over_another_connection(self):
        with Application(self.server, 'alice', status=None) as alice:
            dialog = self.be_called(alice)
            self.peer.close()
            with SipPeer(self.server.sip_address()) as again:
                again.send(self.in_dialog('INFO', self.first + 1))
                delivery = alice.wait_for_requests(3)[2]
                self.assertEqual(delivery.dialog, dialog)
                alice.answer(delivery)
                self.assertEqual(again.read().status, 200)
                stream = self.server.messaging.Send(send_pb2.SendRequest(
                    endpoint='endpoints/alice', dialog=dialog,
                    request=sip_pb2.SipRequest(method='BYE')), timeout=30)
                bye = again.read()
                stream.cancel()
                self.assertEqual(bye.start_line, 'BYE sip:peer@127.0.0.1:9 SIP/2.0')
                self.assertEqual(bye.header('From'), self.to)
                self.assertEqual(bye.header('To'), self.sender)

    def test_names_of_dialogs_that_are_none_are_refused(self):
        with Application(self.server, 'alice'):
            for dialog in ('x', '0123456789abcdef', 'sd0123456789abcdef'):
                with self.assertRaises(grpc.RpcError) as refused:
                    send(self.server, 'alice', 'BYE', dialog=dialog)
                self.assertEqual(refused.exception.code(), grpc.StatusCode.NOT_FOUND)
                self.assertIn('dialog', refused.exception.details())


if __name__ == '__main__':
    unittest.main()
