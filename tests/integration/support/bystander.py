"""A legitimate peer that goes on while others abuse the server (the rule for every fault).

Run as a program it connects with mutual TLS, sends 50 OPTIONS a second until its input ends, then
prints what it saw as one line of JSON. A process of its own: the test's own work does not delay it.
"""

import json
import select
import ssl
import subprocess
import sys
import time

from tests.integration.support.sip_peer import SipPeer, request

INTERVAL_SECONDS = 0.02
LAST_ANSWER_SECONDS = 10


class Bystander:
    """Starts the peer when constructed; `with` ends it."""

    def __init__(self, address, authority, certificate):
        """`certificate`: path without ".pem" and ".key"."""
        self._process = subprocess.Popen(
            [sys.executable, '-m', 'tests.integration.support.bystander', address[0],
             str(address[1]), authority, certificate],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout.readline() == 'served\n', 'the bystander is not served'

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()

    def finish(self):
        """{"sent", "answered", "p50_ms", "p99_ms"}; its requests are all sent."""
        self._process.stdin.close()
        return json.loads(self._process.stdout.readline())


class _Run:

    def __init__(self, peer):
        self._peer = peer
        self._sent = {}  # Call-ID -> when
        self._latencies = []
        self.sent_count = 0

    def send(self):
        call_id = 'bystander-%d@peer.example.com' % self.sent_count
        self._sent[call_id] = time.monotonic()
        self.sent_count += 1
        self._peer.send(request(call_id=call_id))

    def read_until(self, end):
        while self._sent and time.monotonic() < end and not self._peer.ended:
            message = self._peer.read(end - time.monotonic())
            if message is not None and message.status == 200:
                sent = self._sent.pop(message.header('Call-ID'))
                self._latencies.append(time.monotonic() - sent)

    def result(self):
        values = sorted(self._latencies) or [0.0]
        return {'sent': self.sent_count, 'answered': len(self._latencies),
                'p50_ms': round(1000 * values[len(values) // 2], 1),
                'p99_ms': round(1000 * values[min(len(values) - 1, len(values) * 99 // 100)], 1)}


def main(host, port, authority, certificate):
    tls = ssl.create_default_context(cafile=authority)
    tls.load_cert_chain(certificate + '.pem', certificate + '.key')
    with SipPeer((host, int(port)), tls=tls) as peer:
        run = _Run(peer)
        # The first is answered before anything is done to the server.
        run.send()
        run.read_until(time.monotonic() + LAST_ANSWER_SECONDS)
        print('served', flush=True)
        due = time.monotonic()
        while not select.select([sys.stdin], [], [], 0)[0]:
            run.send()
            due = max(due + INTERVAL_SECONDS, time.monotonic())
            run.read_until(due)
            select.select([sys.stdin], [], [], max(0, due - time.monotonic()))
        run.read_until(time.monotonic() + LAST_ANSWER_SECONDS)
        print(json.dumps(run.result()), flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
