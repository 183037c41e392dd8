"""Registration of an endpoint with a registrar (RFC 3665 section 2).

docs/flows/registration.md is printed from what passes here.
"""

import re
import unittest

from proto.sipcm.v1 import endpoint_pb2, endpoints_pb2, types_pb2
from tests.conformance.flows.page import FlowCase, flow
from tests.conformance.flows.phone import ANSWER, OFFER, Phone
from tests.conformance.flows.scripted_application import NAME, ScriptedApplication
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager
from tests.integration.support.waiting import wait_for

PARTIES = (NAME, 'sipcm', 'Registrar')
ALICE = 'sip:alice@example.com'
BOB = 'sip:bob@example.com'
CHALLENGE = ('WWW-Authenticate: Digest realm="example.com", nonce="registrar-%d", qop="auth", '
             'algorithm=SHA-256')
PROXY_CHALLENGE = CHALLENGE.replace('WWW', 'Proxy').replace('realm="', 'realm="proxy.')
TEMPORARY_GRUU = 'sip:tgruu.7hatz6cn@example.com;gr'
Registration = endpoint_pb2.Registration


class RegistrationFlowsTest(FlowCase):
    PAGE = 'registration.md'
    HEADING = ('# Registration\n\n'
               'Printed by `//tests/conformance/flows:registration_flows_test` from what passed; '
               '`---` is SIP over TCP, `===` the API. Tags, branches, ports, Call-IDs and digests '
               'that differ in each run are replaced.')

    def setUp(self):
        self.server = self.enterContext(ServerProcess({
            'connection_managers': [tcp_manager(local_host_name='sipcm.example.com')],
            'endpoints': [endpoint('bob', BOB)]}))

    def create(self, **registration):
        registrar = self.enterContext(Phone('Registrar', self.ladder, 'sip:example.com'))
        address = registrar.listen()
        self.ladder.call(NAME, 'sipcm', 'CreateEndpoint')
        self.server.endpoints.CreateEndpoint(endpoints_pb2.CreateEndpointRequest(
            endpoint_id='alice', endpoint=endpoint_pb2.Endpoint(
                kind=endpoint_pb2.Endpoint.REGISTERED, address=ALICE,
                registration=Registration(registrar='sip:%s:%d' % address, password='secret',
                                          **registration))), timeout=10)
        registrar.accept()
        return registrar

    def accept(self, registrar, register, expires=3600):
        registrar.answer(register, '200 OK', ['Contact: %s;expires=%d' %
                                              (register.header('Contact'), expires)])

    def challenge(self, registrar, number=1):
        """The REGISTER that answers it."""
        first = registrar.expect_request('REGISTER')
        self.assertEqual(first.header('Authorization'), '')
        registrar.answer(first, '401 Unauthorized', [CHALLENGE % number])
        second = registrar.expect_request('REGISTER')
        self.assertIn('nonce="registrar-%d"' % number, second.header('Authorization'))
        self.assertEqual(second.header('Call-ID'), first.header('Call-ID'))
        self.assertEqual(int(second.header('CSeq').split()[0]),
                         int(first.header('CSeq').split()[0]) + 1)
        return second

    @staticmethod
    def realms_of(request):
        """Of the proxies whose challenges it answers."""
        return sorted(re.search('realm="([^"]*)"', value).group(1)
                      for value in request.all('Proxy-Authorization'))

    def registration(self):
        return self.server.endpoints.GetEndpoint(
            endpoints_pb2.GetEndpointRequest(name='endpoints/alice'), timeout=10).registration

    def wait_for_state(self, state):
        wait_for(lambda: self.registration().state == state, Registration.State.Name(state))
        self.ladder.call('sipcm', NAME, 'ENDPOINT_STATE ' + Registration.State.Name(state))

    @flow('A new registration', 'RFC 3665 2.1.', PARTIES)
    def test_new(self):
        """The registrar asks who it is; the nonce is used with a count of its own."""
        registrar = self.create()
        second = self.challenge(registrar)
        self.assertIn('nc=00000001', second.header('Authorization'))
        self.assertTrue(re.search(r'response="[0-9a-f]{64}"', second.header('Authorization')))
        self.accept(registrar, second)
        self.wait_for_state(Registration.REGISTERED)

    @flow('A registration that is too brief', 'RFC 3261 10.2.8.', PARTIES)
    def test_too_brief(self):
        """The registrar names the least; the server asks for that."""
        registrar = self.create(requested_lifetime={'seconds': 60})
        first = registrar.expect_request('REGISTER')
        self.assertEqual(first.header('Expires'), '60')
        registrar.answer(first, '423 Interval Too Brief', ['Min-Expires: 1800'])
        second = registrar.expect_request('REGISTER')
        self.assertEqual(second.header('Expires'), '1800')
        self.accept(registrar, second, 1800)
        self.wait_for_state(Registration.REGISTERED)

    @flow('A registration that is changed', 'RFC 3665 2.2.', PARTIES)
    def test_changed(self):
        """Other settings mean another registration: with the same Call-ID and the next CSeq."""
        registrar = self.create()
        second = self.challenge(registrar)
        self.accept(registrar, second)
        self.wait_for_state(Registration.REGISTERED)
        self.ladder.call(NAME, 'sipcm', 'UpdateEndpoint')
        self.server.endpoints.UpdateEndpoint(endpoints_pb2.UpdateEndpointRequest(
            endpoint=endpoint_pb2.Endpoint(name='endpoints/alice', registration=Registration(
                requested_lifetime={'seconds': 7200})),
            update_mask={'paths': ['registration.requested_lifetime']}), timeout=10)
        again = registrar.expect_request('REGISTER')
        self.assertEqual(again.header('Expires'), '7200')
        self.accept(registrar, again, 7200)
        wait_for(lambda: self.registration().expire_time.seconds, 'the new registration')

    @flow('A question for the contacts', 'RFC 3665 2.3.', PARTIES)
    def test_asked(self):
        """A REGISTER without Contact asks who else is registered. The server asks nothing of that
        sort by itself: an application sends it, here with a peer-to-peer endpoint."""
        registrar = self.enterContext(Phone('Registrar', self.ladder, 'sip:example.com'))
        bob = self.enterContext(ScriptedApplication(self.server, self.ladder, 'bob'))
        send = bob.send('REGISTER', 'sip:example.com', [('To', '<%s>' % BOB)],
                        to=registrar.listen())
        registrar.accept()
        question = registrar.expect_request('REGISTER')
        self.assertEqual(question.header('Contact'), '')
        contacts = ['<sip:bob@192.0.2.3>;expires=600', '<sip:bob@192.0.2.4>;expires=900']
        registrar.answer(question, '200 OK', ['Contact: ' + contact for contact in contacts])
        send.expect_sent()
        self.assertEqual([header.value for header in send.expect(200).headers
                          if header.name == 'Contact'], contacts)

    @flow('A registered caller who is asked who she is', 'RFC 3665 3.3.', PARTIES)
    def test_challenged_call(self):
        """The server answers the proxy's challenge with the credentials of the registration; the
        application sees neither the challenge nor the first INVITE's end."""
        registrar = self.create()
        self.accept(registrar, self.challenge(registrar))
        self.wait_for_state(Registration.REGISTERED)
        alice = self.enterContext(ScriptedApplication(self.server, self.ladder, 'alice'))
        send = alice.send('INVITE', 'sip:carol@example.org', body=OFFER)
        first = registrar.expect_request('INVITE')
        registrar.answer(first, '407 Proxy Authentication Required',
                         [(CHALLENGE % 2).replace('WWW', 'Proxy')])
        self.assertEqual(registrar.expect_request('ACK').header('Via'), first.header('Via'))
        second = registrar.expect_request('INVITE')
        self.assertIn('nonce="registrar-2"', second.header('Proxy-Authorization'))
        self.assertEqual(second.header('Call-ID'), first.header('Call-ID'))
        registrar.answer(second, '486 Busy Here')
        registrar.expect_request('ACK')
        send.expect_sent()
        send.expect_sent()
        send.expect(486)

    @flow('A registered caller whom two proxies ask', 'RFC 3665 3.3.', PARTIES)
    def test_call_challenged_twice(self):
        """The first proxy asked REGISTER already: the INVITE brings the answer along. The server
        answers the second one too, as its realm is the registrar's, and the ACK of the 200 brings
        both."""
        registrar = self.create()
        registrar.answer(registrar.expect_request('REGISTER'),
                         '407 Proxy Authentication Required', [PROXY_CHALLENGE % 1])
        register = registrar.expect_request('REGISTER')
        self.assertEqual(self.realms_of(register), ['proxy.example.com'])
        self.accept(registrar, register)
        self.wait_for_state(Registration.REGISTERED)
        alice = self.enterContext(ScriptedApplication(self.server, self.ladder, 'alice'))
        send = alice.send('INVITE', 'sip:carol@example.org', body=OFFER)
        first = registrar.expect_request('INVITE')
        self.assertEqual(self.realms_of(first), ['proxy.example.com'])
        registrar.answer(first, '407 Proxy Authentication Required',
                         [(CHALLENGE % 2).replace('WWW', 'Proxy')])
        registrar.expect_request('ACK')
        second = registrar.expect_request('INVITE')
        both = ['example.com', 'proxy.example.com']
        self.assertEqual(self.realms_of(second), both)
        registrar.answer(second, '200 OK', body=ANSWER)
        self.assertEqual(self.realms_of(registrar.expect_request('ACK')), both)
        send.expect_sent()
        send.expect_sent()
        send.expect(200)

    @flow('A request to a GRUU', 'RFC 5627 4 and 5.', PARTIES)
    def test_gruu(self):
        """The registrar hands out a public GRUU and a temporary one, which hides the address. A
        request for either is the endpoint's; what may begin a dialog has the public one as its
        Contact."""
        registrar = self.create()
        register = self.challenge(registrar)
        contact = register.header('Contact')
        public = '%s;gr=%s' % (ALICE, re.search('urn:uuid:[0-9a-f-]+', contact).group())
        registrar.answer(register, '200 OK', [
            'Contact: %s;expires=3600;pub-gruu="%s";temp-gruu="%s"' %
            (contact, public, TEMPORARY_GRUU)])
        self.wait_for_state(Registration.REGISTERED)
        alice = self.enterContext(ScriptedApplication(self.server, self.ladder, 'alice'))
        registrar.request('OPTIONS', TEMPORARY_GRUU)
        question = alice.expect('OPTIONS')
        self.assertEqual(question.reason, types_pb2.GRUU)
        alice.answer(question, 200)
        registrar.expect(200)
        send = alice.send('INVITE', 'sip:carol@example.org', body=OFFER)
        invite = registrar.expect_request('INVITE')
        self.assertEqual(invite.header('Contact'), '<%s>' % public)
        send.expect_sent()
        registrar.answer(invite, '486 Busy Here')
        registrar.expect_request('ACK')
        send.expect(486)

    @flow('The end of a registration', 'RFC 3665 2.4.', PARTIES)
    def test_ended(self):
        """An endpoint that is deleted takes its binding along."""
        registrar = self.create()
        self.accept(registrar, self.challenge(registrar))
        self.wait_for_state(Registration.REGISTERED)
        self.ladder.call(NAME, 'sipcm', 'DeleteEndpoint')
        self.server.endpoints.DeleteEndpoint(
            endpoints_pb2.DeleteEndpointRequest(name='endpoints/alice'), timeout=10)
        last = registrar.expect_request('REGISTER')
        self.assertEqual(last.header('Expires'), '0')
        self.accept(registrar, last, 0)

    @flow('A registration that is refused', 'RFC 3665 2.5.', PARTIES)
    def test_refused(self):
        """A second challenge to the same credentials means that they are wrong: the server does
        not go on trying them."""
        registrar = self.create()
        second = self.challenge(registrar)
        registrar.answer(second, '401 Unauthorized', [CHALLENGE % 2])
        self.wait_for_state(Registration.FAILED)
        self.assertIn('not accepted', self.registration().state_reason)


if __name__ == '__main__':
    unittest.main()
