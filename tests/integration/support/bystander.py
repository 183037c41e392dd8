"""A legitimate peer that goes on while others abuse the server (the rule for every fault).

Run as a program it connects with mutual TLS and sends 50 OPTIONS a second: first for a second in
which nothing is done to the server, then until its input ends. It prints what it saw as one line of
JSON. A process of its own: the test's own work does not delay it.
"""

import itertools
import json
import select
import ssl
import subprocess
import sys
import time

from tests.integration.support.sip_peer import SipPeer, request

INTERVAL_SECONDS = 0.02
QUIET_COUNT = 50
LAST_ANSWER_SECONDS = 10


class Bystander:
    """Starts the peer when constructed and waits for its quiet second; `with` ends it."""

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
        """{"sent", "answered", "p50_ms", "p99_ms"} since it was constructed, and "quiet_p99_ms":
        that of the second before. Its requests are all sent."""
        self._process.stdin.close()
        return json.loads(self._process.stdout.readline())


class _Run:
    """Requests at even intervals, and what became of them."""

    _ids = itertools.count(1)

    def __init__(self, peer):
        self._peer = peer
        self._sent = {}  # Call-ID -> when
        self._latencies = []
        self._due = time.monotonic()
        self._sent_count = 0

    def step(self):
        """One request, and what is answered until the next is due."""
        call_id = 'bystander-%d@peer.example.com' % next(self._ids)
        self._sent[call_id] = time.monotonic()
        self._sent_count += 1
        self._peer.send(request(call_id=call_id))
        self._due = max(self._due + INTERVAL_SECONDS, time.monotonic())
        self._read_until(self._due)
        select.select([sys.stdin], [], [], max(0, self._due - time.monotonic()))

    def finish(self):
        """Waits for the answers that are missing."""
        self._read_until(time.monotonic() + LAST_ANSWER_SECONDS)

    def _read_until(self, end):
        while self._sent and time.monotonic() < end and not self._peer.ended:
            message = self._peer.read(end - time.monotonic())
            if message is not None and message.status == 200:
                sent = self._sent.pop(message.header('Call-ID'))
                self._latencies.append(time.monotonic() - sent)

    def is_answered(self):
        return not self._sent

    def counts(self):
        return {'sent': self._sent_count, 'answered': len(self._latencies)}

    def percentile_ms(self, percent):
        values = sorted(self._latencies) or [0.0]
        return round(1000 * values[min(len(values) - 1, len(values) * percent // 100)], 1)


def main(host, port, authority, certificate):
    tls = ssl.create_default_context(cafile=authority)
    tls.load_cert_chain(certificate + '.pem', certificate + '.key')
    with SipPeer((host, int(port)), tls=tls) as peer:
        quiet = _Run(peer)
        for _ in range(QUIET_COUNT):
            quiet.step()
        quiet.finish()
        print('served' if quiet.is_answered() else 'not served', flush=True)
        run = _Run(peer)
        run.step()
        while not select.select([sys.stdin], [], [], 0)[0]:
            run.step()
        run.finish()
        print(json.dumps({**run.counts(), 'p50_ms': run.percentile_ms(50),
                          'p99_ms': run.percentile_ms(99),
                          'quiet_p99_ms': quiet.percentile_ms(99)}), flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
