"""The example application in Python, as a process of its own."""

import signal
import subprocess
import tempfile
import unittest

from tests.integration.support.server_process import ServerProcess, tcp_manager
from tests.integration.support.sip_peer import SipPeer, request
from tests.integration.support.waiting import wait_for

BINARY = 'clients/python/application'
CONFIG = {'connection_managers': [tcp_manager()]}


class ApplicationTest(unittest.TestCase):

    def start(self, grpc_address):
        self.log = self.enterContext(tempfile.NamedTemporaryFile())
        process = subprocess.Popen(
            [BINARY, '--server', grpc_address, '--endpoint', 'alice', 'sip:alice@example.com',
             'connectionManagers/edge'], stdout=self.log, stderr=subprocess.STDOUT)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def output(self):
        with open(self.log.name, encoding='utf-8') as file:
            return file.read()

    def wait_for_output(self, text, count=1):
        wait_for(lambda: self.output().count(text) >= count,
                 '"%s" of the application: %s' % (text, self.output()))

    def test_answers_messages_and_options_and_refuses_the_rest(self):
        server = self.enterContext(ServerProcess(CONFIG))
        process = self.start(server.grpc_address)
        self.wait_for_output('serving endpoints/alice')
        with SipPeer(server.sip_address()) as peer:
            peer.send(request('MESSAGE', body='grüße'.encode()))
            self.assertEqual(peer.read().status, 200)
            peer.send(request('OPTIONS'))
            options = peer.read()
            self.assertEqual(options.status, 200)
            self.assertEqual(options.header('Allow'), 'MESSAGE, OPTIONS')
            self.assertEqual(options.header('Accept'), 'text/plain')
            peer.send(request('PUBLISH'))
            self.assertEqual(peer.read().status, 405)
            peer.send(request('DANCE'))
            self.assertEqual(peer.read().status, 501)
        self.assertIn('grüße', self.output())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=20), 0)
        self.assertTrue(self.output().endswith('ended\n'))

    def test_comes_back_when_the_server_does(self):
        with ServerProcess(CONFIG) as server:
            grpc_address = server.grpc_address
            process = self.start(grpc_address)
            self.wait_for_output('serving endpoints/alice')
            server.signal()
            server.process.wait(timeout=20)
        with ServerProcess(CONFIG, grpc_address=grpc_address) as server:
            self.wait_for_output('serving endpoints/alice', count=2)
            with SipPeer(server.sip_address()) as peer:
                peer.send(request())
                self.assertEqual(peer.read().status, 200)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=20), 0)

    def test_mistake_in_its_arguments_ends_it(self):
        server = self.enterContext(ServerProcess(CONFIG))
        process = subprocess.run(
            [BINARY, '--server', server.grpc_address, '--endpoint', 'alice', 'tel:1',
             'connectionManagers/edge'], stdout=subprocess.PIPE, text=True, timeout=60,
            check=False)
        self.assertEqual(process.returncode, 1)
        self.assertIn('INVALID_ARGUMENT', process.stdout)


if __name__ == '__main__':
    unittest.main()
