"""sipsak asks and tells an application."""

import os
import re
import subprocess
import unittest

from tests.integration.support.application import Application
from tests.interop.support.interop_case import MANAGERS, InteropCase
from tests.interop.support.product import first_line
from tests.interop.support.scenario import over_each

TRANSPORTS = ('TCP', 'TLS')
# Turns TLS 1.3 off: sipsak takes the session tickets that come after its handshake for the end.
GNUTLS = 'tests/interop/sipsak/gnutls.config'


class SipsakTest(InteropCase):
    PRODUCT = 'sipsak'

    @staticmethod
    def version():
        return re.search(r'sipsak (\S+)', first_line('sipsak', '--version')).group(1)

    def run_sipsak(self, transport, *flags):
        """What the application got; fails unless sipsak is content."""
        manager = MANAGERS[transport]
        if transport == 'TLS':
            flags = ('--tls-ca-cert=' + self.authority.certificate, *flags)
        with Application(self.server, 'alice-' + manager) as application:
            done = subprocess.run(
                ['sipsak', '-vv', '-E', manager, '-s', 'sip:alice@%s:%d' % self.address(transport),
                 *flags], env={**os.environ, 'GNUTLS_SYSTEM_PRIORITY_FILE': GNUTLS},
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 0, done.stdout)
            return [delivery.request for delivery in application.requests()]

    @over_each(TRANSPORTS, 'OPTIONS')
    def test_options(self, transport):
        self.assertEqual([request.method for request in self.run_sipsak(transport)], ['OPTIONS'])

    @over_each(TRANSPORTS, 'MESSAGE')
    def test_message(self, transport):
        """From a file: Debian's sipsak -M dies of SIGSEGV over TCP."""
        [message] = self.run_sipsak(transport, '-f', 'tests/interop/sipsak/message.sip')
        self.assertEqual((message.method, message.body), ('MESSAGE', b'Watson, come here.\r\n'))

    @over_each(TRANSPORTS, 'traceroute')
    def test_traceroute(self, transport):
        """With Max-Forwards 0 an endpoint answers as with any other (RFC 3261 16.3)."""
        self.run_sipsak(transport, '-T')


if __name__ == '__main__':
    unittest.main()
