"""A process with few file descriptors (reliability 16)."""

import os
import subprocess
import tempfile
import time
import unittest

from tests.integration.support.application import Application
from tests.integration.support.bystander_case import BystanderCase
from tests.integration.support.server_process import (BINARY, FREE_ADDRESSES, ServerProcess,
                                                      endpoint, tcp_manager)
from tests.integration.support.sip_peer import SipPeer, request
from tests.integration.support.waiting import wait_for

LIMITED = ('sh', '-c', 'ulimit -n 256; exec "$0" "$@"')


class DescriptorsTest(BystanderCase):

    def processor_seconds(self):
        with open('/proc/%d/stat' % self.server.process.pid, encoding='ascii') as file:
            fields = file.read().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def failed_accepts(self):
        _, text = self.server.http('/metrics')
        return float(next(line for line in text.split('\n')
                          if line.startswith('sipcm_accept_failures_total ')).split()[1])

    @staticmethod
    def is_served(address):
        with SipPeer(address) as peer:
            peer.send(request())
            answer = peer.read()
            return answer is not None and answer.status == 200

    def test_nofile_256_serves_who_is_there_and_accepts_again(self):
        self.server = self.enterContext(ServerProcess(self.beside({
            'connection_managers': [tcp_manager()],
            'endpoints': [endpoint('alice', 'sip:alice@example.com')]}), wrapper=LIMITED))
        self.enterContext(Application(self.server, 'alice'))
        self.begin_bystander(self.server)
        address = self.server.sip_address()
        first = self.enterContext(SipPeer(address))
        first.send(request())
        self.assertEqual(first.read().status, 200)
        # As many as the kernel lets stand in the accept queue too.
        crowd = [SipPeer(address) for _ in range(1000)]
        try:
            first.send(request())
            self.assertEqual(first.read().status, 200)
            # The page of metrics needs a descriptor itself: it is asked when there is one again.
            before, began = self.processor_seconds(), time.monotonic()
            time.sleep(2)
            used = self.processor_seconds() - before
            self.assertLess(used / (time.monotonic() - began), 0.3, 'it spins')
            first.send(request())
            self.assertEqual(first.read().status, 200)
        finally:
            for peer in crowd:
                peer.close()
        gone = time.monotonic()
        wait_for(lambda: self.is_served(address), 'room for another')
        self.assertLess(time.monotonic() - gone, 1)
        wait_for(lambda: self.server.connection_count('edge') == 1, 'the crowd to be gone')
        self.assertGreater(self.failed_accepts(), 0)

    def test_it_does_not_start_with_fewer_than_its_configuration_needs(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        path = os.path.join(folder, 'config.json')
        with open(path, 'w', encoding='utf-8') as file:
            file.write('{"connection_managers": [{"name": "connectionManagers/edge", '
                       '"kind": "SERVER_TCP", "limits": {"max_connection_count": 1000}}]}')
        done = subprocess.run([*LIMITED, BINARY, *FREE_ADDRESSES, '--config=' + path],
                              capture_output=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn('RLIMIT_NOFILE', (done.stdout + done.stderr).decode())


if __name__ == '__main__':
    unittest.main()
