"""Kamailio as registrar and outbound proxy of example.com, over TCP and mutual TLS."""

import re

from tests.interop.support.product import Product, accepts, first_line, free_port

_PROGRAM = '/usr/sbin/kamailio'  # Debian's; not on every PATH.
CONFIGURATION = 'tests/interop/kamailio/kamailio.cfg'
_TLS = '''[%s:default]
method = TLSv1.2+
certificate = %s.pem
private_key = %s.key
ca_list = %s
verify_certificate = yes
require_certificate = yes
'''


def version():
    return re.search(r'kamailio (\S+)', first_line(_PROGRAM, '-v')).group(1)


def password_of(user):
    return 'secret-' + user


class Kamailio(Product):
    """`certificate`: path without ".pem" and ".key"; `authority`: PEM of whom it trusts. It wants a
    certificate from everyone over TLS. `algorithm`: of its digest."""

    def __init__(self, certificate, authority, algorithm='MD5'):
        super().__init__()
        self.tcp_port = free_port()
        self.tls_port = free_port()
        tls = self.write('tls.cfg', ''.join(_TLS % (side, certificate, certificate, authority)
                                            for side in ('server', 'client')))
        self.start([_PROGRAM, '-DD', '-E', '-f', CONFIGURATION, '-Y', self.path(''),
                    '-P', self.path('pid'), '-w', '.', '-m', '32', '-M', '4',
                    '-l', 'tcp:127.0.0.1:%d' % self.tcp_port,
                    '-l', 'tls:127.0.0.1:%d' % self.tls_port,
                    '--substdef=!TLS_CONFIGURATION!%s!g' % tls,
                    '--substdef=!DIGEST_ALGORITHM!%s!g' % algorithm])
        self.wait_until(lambda: accepts(self.tcp_port) and accepts(self.tls_port), 'Kamailio')

    def uri(self, transport):
        """Where it is, as a registrar or proxy is named."""
        return 'sip:127.0.0.1:%d;transport=%s' % (
            self.tls_port if transport == 'tls' else self.tcp_port, transport)
