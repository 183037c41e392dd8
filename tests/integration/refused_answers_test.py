"""Answers on Attach streams that come too late, or to a request that another application has:
refused, and nothing is sent (row 30)."""

import unittest

import grpc

from tests.integration.support.attached_application import AttachedApplication
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager
from tests.integration.support.sip_peer import SipPeer, request
from tests.integration.support.waiting import wait_for


class RefusedAnswersTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(ServerProcess({
            'connection_managers': [tcp_manager()],
            'endpoints': [endpoint('alice', 'sip:alice@example.com'),
                          endpoint('bob', 'sip:bob@example.com'),
                          endpoint('brief', 'sip:brief@example.com', answer_timeout='0.5s')]}))

    def setUp(self):
        self.peer = self.enterContext(SipPeer(self.server.sip_address()))

    def attach(self, name, **subscribe):
        return self.enterContext(AttachedApplication(self.server, name, **subscribe))

    def assert_refused(self, application, request_id, reason='REQUEST_NOT_YOURS'):
        result = application.answer(request_id, 486)
        self.assertEqual(result.code, grpc.StatusCode.FAILED_PRECONDITION.value[0], result)
        self.assertEqual(result.error.Reason.Name(result.error.reason), reason)
        self.assertIsNone(self.peer.read(0.3))

    def assert_answered_once(self, owner, request_id):
        self.assertEqual(owner.answer(request_id).code, 0)
        self.assertEqual(self.peer.read().status, 200)
        self.assertIsNone(self.peer.read(0.1))

    def test_the_application_of_another_endpoint_does_not_answer(self):
        alice, bob = self.attach('alice'), self.attach('bob')
        self.peer.send(request('MESSAGE'))
        open_id = alice.wait_for_requests()[0].request_id
        self.assert_refused(bob, open_id)
        self.assert_answered_once(alice, open_id)

    def test_another_application_of_the_endpoint_does_not_answer(self):
        both = [self.attach('alice'), self.attach('alice')]
        self.peer.send(request('MESSAGE'))
        self.peer.send(request('MESSAGE'))
        ids = [application.wait_for_requests()[0].request_id for application in both]
        self.assert_refused(both[0], ids[1])
        self.assert_refused(both[1], ids[0])
        self.assert_answered_once(both[0], ids[0])
        self.assert_answered_once(both[1], ids[1])

    def test_after_its_deadline_a_request_is_expired_and_not_answered_again(self):
        application = self.attach('brief')
        self.peer.send(request('MESSAGE', 'sip:brief@example.com'))
        answer = self.peer.read()
        self.assertEqual(answer.status, 500)
        self.assertTrue(answer.header('Warning').startswith('399 '), answer.headers)
        wait_for(lambda: application.deliveries('expired'), 'the notice')
        open_id = application.deliveries('request')[0].request_id
        self.assertEqual(application.deliveries('expired')[0].request_id, open_id)
        self.assert_refused(application, open_id, 'REQUEST_EXPIRED')

    def test_an_application_that_came_back_answers_what_it_had(self):
        former = self.attach('alice')
        self.peer.send(request('MESSAGE'))
        had = former.wait_for_requests()[0].request_id
        former.leave()
        again = self.attach('alice', resume_token=former.started.resume_token)
        self.assertEqual(again.wait_for_requests()[0].request_id, had)
        self.assert_answered_once(again, had)


if __name__ == '__main__':
    unittest.main()
