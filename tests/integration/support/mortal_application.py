"""An application that can be killed: a process that subscribes and never answers.

Run as a program it prints a line once it is subscribed, and one for each request that it gets.
"""

import signal
import subprocess
import sys

import grpc

from proto.sipcm.v1 import messaging_pb2_grpc, subscription_pb2


class MortalApplication:
    """Subscribed when constructed; `with` ends it."""

    def __init__(self, server, endpoint):
        self._process = subprocess.Popen(
            [sys.executable, '-m', 'tests.integration.support.mortal_application',
             server.grpc_address, 'endpoints/' + endpoint], stdout=subprocess.PIPE, text=True)
        self._expect('subscribed')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def _expect(self, line):
        found = self._process.stdout.readline()
        assert found == line + '\n', 'the application said "%s"' % found

    def wait_for_requests(self, count=1):
        """So many more."""
        for _ in range(count):
            self._expect('request')

    def kill(self):
        """By SIGKILL: it says goodbye to nobody, the kernel closes its connection."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._process.stdout.close()


def main(grpc_address, endpoint):
    stream = messaging_pb2_grpc.MessagingStub(grpc.insecure_channel(grpc_address)).Subscribe(
        subscription_pb2.SubscribeRequest(endpoint=endpoint))
    for delivery in stream:
        print('subscribed' if delivery.HasField('started') else 'request', flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
