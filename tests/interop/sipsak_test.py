"""sipsak asks and tells an application."""

import re
import subprocess
import unittest

from tests.integration.support.application import Application
from tests.interop.support.interop_case import InteropCase
from tests.interop.support.product import first_line
from tests.interop.support.scenario import scenario


class SipsakTest(InteropCase):
    PRODUCT = 'sipsak'

    @staticmethod
    def version():
        return re.search(r'sipsak (\S+)', first_line('sipsak', '--version')).group(1)

    def run_sipsak(self, transport, *flags):
        """What the application got; fails unless sipsak is content."""
        with Application(self.server, 'alice-' + transport) as application:
            address = self.server.sip_address(transport)
            done = subprocess.run(
                ['sipsak', '-vv', '-E', transport, '-s', 'sip:alice@%s:%d' % address, *flags],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 0, done.stdout)
            return [delivery.request for delivery in application.requests()]

    @scenario('TCP', 'OPTIONS')
    def test_options(self):
        self.assertEqual([request.method for request in self.run_sipsak('tcp')], ['OPTIONS'])

    @scenario('TCP', 'MESSAGE')
    def test_message(self):
        """From a file: Debian's sipsak -M dies of SIGSEGV over TCP."""
        [message] = self.run_sipsak('tcp', '-f', 'tests/interop/sipsak/message.sip')
        self.assertEqual((message.method, message.body), ('MESSAGE', b'Watson, come here.\r\n'))

    @scenario('TCP', 'traceroute')
    def test_traceroute(self):
        """With Max-Forwards 0 an endpoint answers as with any other (RFC 3261 16.3)."""
        self.run_sipsak('tcp', '-T')


if __name__ == '__main__':
    unittest.main()
