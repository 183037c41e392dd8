"""The session of the API that quickstart prints and README tells, as a transcript.

deploy/lib/session.tsv has the calls, session_transcript.txt what comes of them. With SIPCM_BUF set
to a buf program the calls are made by `buf curl`, else by a client of our own; both know nothing
but the server's address, as grpcurl does. To write a new transcript after a change that is meant:

    bazel test //tests/integration:session_test; cp what the failing test names
"""

import difflib
import json
import os
import re
import unittest

from tests.integration.support.buf_client import BufClient
from tests.integration.support.reflection import ReflectionClient
from tests.integration.support.server_process import ServerProcess
from tests.integration.support.sip_peer import SipPeer, request

SESSION = 'deploy/lib/session.tsv'
TRANSCRIPT = 'tests/integration/session_transcript.txt'

# What is different in each run: where, and what stands for it.
VOLATILE = (
    (r'"\d{4}-\d\d-\d\dT[0-9:.]+Z"', '"<time>"'),
    (r'("(?:etag|requestId|resumeToken|endpointId|dialog)": )"[^"]+"', r'\1"<opaque>"'),
    (r'("port": )(?!5070)\d+', r'\1<port>'),
    (r'(connections/)[0-9a-z-]+', r'\1<id>'),
    (r'(sip:[a-z@.0-9]+:)\d+', r'\1<port>'),
    (r'(epid|gr|opaque|ob|instance)=[0-9a-z-]+', r'\1=<opaque>'),
    (r'"(?:call|from|z9hG4bK-test)-\d+', '"<opaque>'),
    (r'(branch=|tag=)[^;"]+', r'\1<opaque>'),
    (r'(call-)\d+', r'\1<id>'),
    (r'"\d+ OPTIONS"', '"<number> OPTIONS"'),
)


def in_order(value):
    """Objects by key, as clients differ in their order."""
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)
    for pattern, stand_in in VOLATILE:
        text = re.sub(pattern, stand_in, text)
    return text


class SessionTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.server = self.enterContext(ServerProcess())
        self.client = (BufClient(os.environ['SIPCM_BUF'], self.server.grpc_address)
                       if os.environ.get('SIPCM_BUF') else ReflectionClient(self.server.channel))
        self.transcript = []
        self.request_id = ''
        self.deliveries = None
        self.peer = None

    def tell(self, method, body, answer):
        self.transcript.append('> %s\n%s\n< %s\n' % (method, in_order(body), in_order(answer)))

    def run_line(self, method, body):
        path = 'sipcm.v1.' + method
        if method == 'Messaging/Subscribe':
            self.deliveries = self.client.stream(path, body)
            started = next(self.deliveries)
            self.peer = self.enterContext(SipPeer(self.server.sip_address()))
            self.peer.send(request())
            delivered = next(self.deliveries)
            self.request_id = delivered['request']['requestId']
            self.tell(method, body, [started, delivered])
            return
        typed = dict(body)
        if method == 'Messaging/Respond':
            typed['request_id'] = self.request_id  # Typed off from what Subscribe printed.
        self.tell(method, body, self.client.call(path, typed))
        if method == 'Messaging/Respond':
            self.assertEqual(self.peer.read().status, 200)

    def test_session_goes_as_written(self):
        services = self.client.services()
        for service in ('Admin', 'Certificates', 'ConnectionManagers', 'ConnectionPools',
                        'Connections', 'Endpoints', 'Events', 'Messaging'):
            self.assertIn('sipcm.v1.' + service, services)
        self.assertIn('grpc.health.v1.Health', services)
        with open(SESSION, encoding='utf-8') as file:
            for line in file:
                method, body = line.rstrip('\n').split('\t')
                body = json.loads(body.replace('"port":5060', '"port":0'))
                self.run_line(method, body)
        self.deliveries.close()
        self.compare('\n'.join(self.transcript))

    def compare(self, transcript):
        with open(TRANSCRIPT, encoding='utf-8') as file:
            expected = file.read()
        if transcript != expected:
            folder = os.environ.get('TEST_UNDECLARED_OUTPUTS_DIR', '/tmp')
            path = os.path.join(folder, 'session_transcript.txt')
            with open(path, 'w', encoding='utf-8') as file:
                file.write(transcript)
            self.fail('the session went otherwise (all of it: %s):\n%s' %
                      (path, ''.join(difflib.unified_diff(expected.splitlines(True),
                                                          transcript.splitlines(True)))))


if __name__ == '__main__':
    unittest.main()
