"""TLS clients that renegotiate or rekey without end (reliability.md, row 19), with a bystander."""

import subprocess
import unittest

from tests.integration.support.abuse_case import AbuseCase
from tests.integration.support.waiting import wait_for


class TlsAbuseTest(AbuseCase):

    def client(self, version):
        """openssl s_client, which takes commands of one letter a line."""
        host, port = self.server.sip_address('secure')
        client = subprocess.Popen(
            ['openssl', 's_client', '-connect', '%s:%d' % (host, port), version],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(client.__exit__, None, None, None)
        self.addCleanup(client.kill)
        wait_for(lambda: self.server.connection_count('secure') == 1, 'the connection')
        return client

    def wait_until_ended(self):
        wait_for(lambda: self.server.connection_count('secure') == 0, 'the end')

    def test_row_19_renegotiation_is_refused(self):
        shown = self.client('-tls1_2').communicate(b'R\n', timeout=60)[0].decode()
        self.assertIn('RENEGOTIATING', shown)
        self.assertIn('no renegotiation', shown)
        self.wait_until_ended()

    def test_row_19_of_ten_thousand_key_updates_few_are_taken(self):
        client = self.client('-tls1_3')
        count = 0
        while count < 10_000:
            try:
                client.stdin.write(b'K\n')
                client.stdin.flush()
            except BrokenPipeError:
                break
            line = client.stdout.readline()
            while line and b'KEYUPDATE' not in line:
                line = client.stdout.readline()
            if not line:
                break
            count += 1
        print('%d key updates were sent' % count)
        # The server takes 32; the client goes on until it hears of the end, which on a busy machine
        # takes some hundred more.
        self.assertLess(count, 1000)
        self.wait_until_ended()
        self.assertIn('TLS_PROTOCOL_ERROR', self.server.log())


if __name__ == '__main__':
    unittest.main()
