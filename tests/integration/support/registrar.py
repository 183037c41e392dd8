"""A registrar of the tests' own: takes REGISTERs over TCP, asks who it is, keeps the bindings."""

import hashlib
import re

from tests.integration.support.sip_listener import SipListener
from tests.integration.support.waiting import wait_for

REALM = 'example.com'


def _hash(algorithm, *parts):
    digest = hashlib.md5 if algorithm == 'MD5' else hashlib.sha256
    return digest(':'.join(parts).encode()).hexdigest()


class Registrar(SipListener):
    """Listens when constructed, over TLS with an ssl.SSLContext. `users`: passwords by user name;
    without any nobody is asked.

    `asks`: what is asked for credentials besides REGISTER (407), by method. `headers` and `contact`
    go into each 200 to a REGISTER, the latter as parameters of the Contact.
    """

    def __init__(self, users=None, algorithm='SHA-256', qop='auth', min_expires=0, asks=(),
                 headers=(), contact='', next_nonces=False, tls=None):
        self._users = users or {}
        self._algorithm = algorithm
        self._qop = qop
        self._min_expires = min_expires
        self._asks = asks
        self._headers = list(headers)
        self._contact = contact
        self._next_nonces = next_nonces
        self._registers = []  # accepted ones: (number of the connection, request)
        self._others = []  # what came besides
        self._nonces = {}  # of each, the highest nonce count that was used
        self._nonce_count = 0
        self._challenge_count = 0
        super().__init__(tls)

    @property
    def uri(self):
        return 'sip:127.0.0.1:%d%s' % (self.address[1], ';transport=tls' if self._tls else '')

    def registers(self):
        with self._lock:
            return list(self._registers)

    def wait_for_registers(self, count):
        wait_for(lambda: len(self.registers()) >= count, '%d REGISTERs' % count)
        return self.registers()

    def others(self):
        with self._lock:
            return list(self._others)

    def challenge_count(self):
        with self._lock:
            return self._challenge_count

    def forget_nonces(self):
        """All that were given are stale from now on."""
        with self._lock:
            self._nonces.clear()

    def send(self, data):
        """On the connection that registered last."""
        with self._lock:
            connection = self._connections[self._registers[-1][0] - 1]
        connection.sendall(data)

    def _take(self, connection, number, message):
        if not message.start_line.startswith('REGISTER '):
            if message.start_line.split()[0] in self._asks and not self._is_authorised(
                    message, 'Proxy-Authorization'):
                self._challenge(connection, message, '407 Proxy Authentication Required',
                                'Proxy-Authenticate', 'Proxy-Authorization')
                return
            with self._lock:
                self._others.append((number, message))
            if not message.status and not message.start_line.startswith('ACK '):
                self._answer(connection, message, '200 OK')
            return
        if self._users and not self._is_authorised(message, 'Authorization'):
            self._challenge(connection, message, '401 Unauthorized', 'WWW-Authenticate',
                            'Authorization')
            return
        expires = int(message.header('Expires'))
        if 0 < expires < self._min_expires:
            self._answer(connection, message, '423 Interval Too Brief',
                         ['Min-Expires: %d' % self._min_expires])
            return
        with self._lock:
            self._registers.append((number, message))
        extra = ['Contact: %s%s;expires=%d' % (message.header('Contact'), self._contact, expires)]
        if self._next_nonces:
            extra.append('Authentication-Info: nextnonce="%s"' % self._new_nonce())
        self._answer(connection, message, '200 OK', extra + self._headers)

    def _new_nonce(self):
        with self._lock:
            self._nonce_count += 1
            nonce = 'nonce-%d' % self._nonce_count
            self._nonces[nonce] = 0
        return nonce

    def _challenge(self, connection, message, status, header, answered_by):
        given = self._parameters(message.header(answered_by))
        with self._lock:
            self._challenge_count += 1
            stale = bool(given) and given.get('nonce') not in self._nonces
        self._answer(connection, message, status, [
            '%s: Digest realm="%s", nonce="%s", qop="%s", algorithm=%s%s' %
            (header, REALM, self._new_nonce(), self._qop, self._algorithm,
             ', stale=true' if stale else '')])

    @staticmethod
    def _parameters(value):
        return dict(re.findall(r'(\w+)="?([^",]*)"?', value))

    def _is_authorised(self, message, header):
        given = self._parameters(message.header(header))
        password = self._users.get(given.get('username'))
        nonce, count = given.get('nonce'), int(given.get('nc', '0'), 16)
        with self._lock:
            fresh = self._nonces.get(nonce, count) < count
            if fresh:
                self._nonces[nonce] = count
        method, uri = message.start_line.split()[:2]
        if password is None or not fresh or given['uri'] != uri or given['qop'] != self._qop:
            return False
        algorithm = self._algorithm
        key = _hash(algorithm, given['username'], REALM, password)
        body = [_hash(algorithm, message.body.decode())] if self._qop == 'auth-int' else []
        target = _hash(algorithm, method, uri, *body)
        return given['response'] == _hash(algorithm, key, nonce, given['nc'], given['cnonce'],
                                          self._qop, target)
