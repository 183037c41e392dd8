"""A SIP peer on one connection, as far as tests need one: whole messages in and out."""

import itertools
import re
import select
import socket
import ssl
import struct
import time

from tests.integration.support.waiting import DEADLINE_SECONDS

_counter = itertools.count(1)


class Message:
    """One message as it came."""

    def __init__(self, head, body):
        self.head = head
        unfolded = re.sub(r'\r\n[ \t]+', ' ', head.decode('utf-8', errors='replace'))
        lines = unfolded.split('\r\n')
        self.start_line = lines[0]
        self.headers = [tuple(part.strip() for part in line.split(':', 1)) for line in lines[1:]]
        self.body = body

    @property
    def raw(self):
        return self.head + b'\r\n\r\n' + self.body

    @property
    def method(self):
        """Of a request; of a response that of its CSeq."""
        return self.header('CSeq').split()[-1]

    @property
    def status(self):
        """The status code; 0 for a request."""
        match = re.match(r'SIP/2\.0 (\d{3})', self.start_line)
        return int(match.group(1)) if match else 0

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        """The first value, or an empty string."""
        return (self.all(name) or [''])[0]


def request(method='OPTIONS', uri='sip:alice@example.com', to='', call_id='', body=b'', branch='',
            port=0, extra=()):
    """A request with fresh identifiers, as bytes. `port`: where its Via wants answers when the
    connection is gone."""
    number = next(_counter)
    head = [
        '%s %s SIP/2.0' % (method, uri),
        'Via: SIP/2.0/TCP peer.example.com%s;branch=%s' %
        (':%d' % port if port else '', branch or 'z9hG4bK-test-%d' % number),
        'Max-Forwards: 70',
        'From: <sip:peer@example.com>;tag=from-%d' % number,
        'To: %s' % (to or '<%s>' % uri),
        'Call-ID: %s' % (call_id or 'call-%d@peer.example.com' % number),
        'CSeq: %d %s' % (number, method),
        *extra,
        'Content-Length: %d' % len(body),
    ]
    return ('\r\n'.join(head) + '\r\n\r\n').encode() + body


class SipPeer:
    """A connection that the test opened, or accepted: then `address` is the listening socket."""

    def __init__(self, address, tls=None, server_hostname='localhost'):
        if isinstance(address, socket.socket):
            self._socket, _ = address.accept()
            tls_side = {'server_side': True}
        else:
            self._socket = socket.create_connection(address, timeout=DEADLINE_SECONDS)
            tls_side = {'server_hostname': server_hostname}
        self._socket.settimeout(DEADLINE_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self._socket = tls.wrap_socket(self._socket, **tls_side)
        self._received = b''
        self.ended = False  # The other side has ended or reset the connection.

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close()

    def certificate(self):
        """What the server presented, in DER."""
        return self._socket.getpeercert(binary_form=True)

    def send(self, data):
        """Sends all; a connection that is gone already is for the reader to notice."""
        try:
            self._socket.sendall(data)
        except OSError:
            pass

    def close_notify(self, then=b''):
        """Ends our side of TLS, not waiting for theirs, then writes `then` below TLS."""
        self._socket.settimeout(0)
        try:
            self._socket.unwrap()
        except (ssl.SSLError, OSError):
            pass  # Theirs has not come yet.
        self._socket = socket.socket(fileno=self._socket.detach())
        self.send(then)

    def end_without_close_notify(self):
        self._socket = socket.socket(fileno=self._socket.detach())
        self._socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Ends by RST."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self._socket.close()
        self.ended = True

    def send_until_blocked(self, data):
        """Writes `data` again and again until the other side takes no more."""
        self._socket.settimeout(0.5)
        try:
            while True:
                self._socket.sendall(data)
        except TimeoutError:
            pass
        except OSError:
            self.ended = True

    def wait_until_reset_without_reading(self, seconds=DEADLINE_SECONDS):
        """True when the other side gave the connection up; what it sent stays unread."""
        poll = select.poll()
        poll.register(self._socket, 0)  # Only errors and hang-ups.
        return self.ended or bool(poll.poll(seconds * 1000))

    def _receive(self, seconds):
        """Reads once. False: nothing came in time, or the connection has ended."""
        if self.ended:
            return False
        self._socket.settimeout(max(seconds, 0.001))
        try:
            data = self._socket.recv(65536)
        except TimeoutError:
            return False
        except OSError:
            data = b''
        if not data:
            self.ended = True
            return False
        self._received += data
        return True

    def read(self, seconds=DEADLINE_SECONDS):
        """The next message; None when none came in time or the connection ended before."""
        end = time.monotonic() + seconds
        while True:
            message = self._take()
            if message is not None:
                return message
            left = end - time.monotonic()
            if left <= 0 or not self._receive(left) and self.ended:
                return self._take()

    def _take(self):
        self._received = self._received.lstrip(b'\r\n')  # Keep-alives.
        head, separator, rest = self._received.partition(b'\r\n\r\n')
        if not separator:
            return None
        match = re.search(rb'(?im)^(?:content-length|l)[ \t]*:[ \t]*(\d+)', head)
        length = int(match.group(1)) if match else 0
        if len(rest) < length:
            return None
        self._received = rest[length:]
        return Message(head, rest[:length])

    def wait_until_closed(self, seconds=DEADLINE_SECONDS):
        """True when the other side ended the connection in time."""
        end = time.monotonic() + seconds
        while not self.ended and time.monotonic() < end:
            self._receive(end - time.monotonic())
        return self.ended


def is_served(address, authority, certificate=''):
    """Whether a mutual-TLS peer gets 200 to an OPTIONS; `authority`: path of what it trusts,
    `certificate`: of its own without ".pem" and ".key", or empty: it has none."""
    tls = ssl.create_default_context(cafile=authority)
    if certificate:
        tls.load_cert_chain(certificate + '.pem', certificate + '.key')
    try:
        with SipPeer(address, tls=tls) as peer:
            peer.send(request())
            answer = peer.read()
            return answer is not None and answer.status == 200
    except OSError:
        return False  # TLS 1.3 tells a client at its first read, or in its handshake.
