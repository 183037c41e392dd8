"""A SIP user agent of a flow: one connection, one call at a time, scripted by the test."""

import re
import socket

from tests.integration.support.sip_peer import Message, SipPeer
from tests.integration.support.waiting import DEADLINE_SECONDS

OFFER = (b'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n'
         b'm=audio 49172 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n')
ANSWER = OFFER.replace(b'192.0.2.1', b'192.0.2.2')
HOLD = OFFER.replace(b'1 1 IN', b'1 2 IN') + b'a=sendonly\r\n'
HELD = ANSWER.replace(b'1 1 IN', b'1 2 IN') + b'a=recvonly\r\n'
SDP = 'Content-Type: application/sdp'
_MAKES_DIALOG = ('INVITE', 'SUBSCRIBE')
_HAS_CONTACT = ('INVITE', 'SUBSCRIBE', 'NOTIFY', 'REFER')


def uri_of(address):
    return re.search(r'<([^>]*)>|([^;\s]*)', address).group(0).strip('<>')


def tag_of(address):
    found = re.search(r';tag=([^;>\s]+)', address)
    return found.group(1) if found else ''


class Phone:
    """Draws in `ladder`, as `name`, all that it sends and takes. Its words (tags, branches, ...)
    begin with its name in lower case."""

    def __init__(self, name, ladder, address='sip:alice@example.com'):
        self.name = name
        self.address = address
        self._ladder = ladder
        self._word = name.lower()
        self._peer = None
        self._listener = None
        self._answered = set()  # responses that came, to know repeated ones
        self._number = 0  # of the last request
        self._invite = None  # the last INVITE, sent or taken
        self._local = self._remote = self._call_id = self._target = ''
        self.routes = []
        self.taken = None  # the last request that came

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in (self._peer, self._listener):
            if each is not None:
                each.close()

    # --- Connections ---

    def connect(self, address, tls=None):
        self._peer = SipPeer(address, tls)

    def listen(self):
        """(host, port) where it waits for sipcm."""
        self._listener = socket.create_server(('127.0.0.1', 0))
        self._listener.settimeout(DEADLINE_SECONDS)
        return self._listener.getsockname()

    def accept(self):
        self._peer = SipPeer(self._listener)

    # --- Its requests ---

    def request(self, method, uri, headers=(), body=b''):
        """Outside of a dialog, or the one that begins a dialog."""
        self._call_id = '%s-call@192.0.2.1' % self._word
        self._local = '<%s>;tag=%s-tag' % (self.address, self._word)
        self._remote = '<%s>' % uri
        self._target = uri
        self.routes = []
        self._number += 1
        self._send_request(method, self._number, [*self._contacts(method), *headers], body)

    def invite(self, uri, headers=(), body=OFFER):
        self.request('INVITE', uri, [*([SDP] if body else []), *headers], body)

    def request_in_dialog(self, method, headers=(), body=b''):
        self._number += 1
        self._send_request(method, self._number,
                           [*(['Route: ' + route for route in self.routes]),
                            *self._contacts(method), *headers], body)

    def reinvite(self, body):
        self.request_in_dialog('INVITE', [SDP], body)

    def ack(self, body=b''):
        """For the 2xx that was taken last: a request of its own."""
        self._send_request('ACK', self._number, [
            *(['Route: ' + route for route in self.routes]), *([SDP] if body else [])], body)

    def cancel(self):
        self._follow('CANCEL', self._invite.header('To'))

    def ack_failure(self, response):
        self._follow('ACK', response.header('To'))

    def _contacts(self, method):
        if method not in _HAS_CONTACT:
            return []
        return ['Contact: <%s;transport=tcp>' % self.address.replace('@example.com', '@192.0.2.1')]

    def _send_request(self, method, number, headers, body):
        lines = ['%s %s SIP/2.0' % (method, self._target),
                 'Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK%s-%s-%d' %
                 (self._word, method.lower(), number),
                 'Max-Forwards: 70', 'From: ' + self._local, 'To: ' + self._remote,
                 'Call-ID: ' + self._call_id, 'CSeq: %d %s' % (number, method), *headers,
                 'Content-Length: %d' % len(body)]
        self._write(lines, body)
        if method == 'INVITE':
            self._invite = Message('\r\n'.join(lines).encode(), body)

    def _follow(self, method, to):
        """CANCEL, and ACK for a failure: of the INVITE's transaction (RFC 3261 9.1, 17.1.1.3)."""
        invite = self._invite
        self._write(['%s %s SIP/2.0' % (method, invite.start_line.split()[1]),
                     'Via: ' + invite.header('Via'), 'Max-Forwards: 70',
                     'From: ' + invite.header('From'), 'To: ' + to,
                     'Call-ID: ' + invite.header('Call-ID'),
                     'CSeq: %s %s' % (invite.header('CSeq').split()[0], method),
                     'Content-Length: 0'], b'')

    # --- What it answers ---

    def answer(self, request, status, headers=(), body=b''):
        """`status`: "200 OK"."""
        to = request.header('To')
        if not tag_of(to) and not status.startswith('100'):
            to += ';tag=%s-tag' % self._word
        headers = [*self._contacts(request.method), *([SDP] if body else []), *headers]
        copied = ['%s: %s' % (name, value) for name in ('Via', 'Record-Route')
                  for value in request.all(name)]
        self._write(['SIP/2.0 ' + status, *copied, 'From: ' + request.header('From'), 'To: ' + to,
                     'Call-ID: ' + request.header('Call-ID'), 'CSeq: ' + request.header('CSeq'),
                     *headers, 'Content-Length: %d' % len(body)], body)
        if request.method in _MAKES_DIALOG and status.startswith('2'):
            self._local, self._remote = to, request.header('From')

    # --- What comes ---

    def expect_request(self, method):
        message = self._read()
        assert not message.status and message.method == method, message.start_line
        self.taken = message
        if method in _MAKES_DIALOG:
            self._call_id = message.header('Call-ID')
            self._target = uri_of(message.header('Contact'))
            self.routes = message.all('Record-Route')
        if method == 'INVITE':
            self._invite = message
        return message

    def expect(self, status, method=None):
        """A response; the dialog that it makes becomes the phone's."""
        message = self._read()
        assert message.status == status, message.raw.decode()
        assert method in (None, message.method), message.raw.decode()
        if message.method in _MAKES_DIALOG and tag_of(message.header('To')):
            self._remote = message.header('To')
            self.routes = list(reversed(message.all('Record-Route')))
            if message.header('Contact'):
                self._target = uri_of(message.header('Contact'))
        return message

    def _read(self):
        """The next message that is neither 100 nor a response for the second time: both are up to
        time."""
        while True:
            message = self._peer.read()
            assert message is not None, 'nothing came for ' + self.name
            if message.status:
                if message.status == 100 or message.raw in self._answered:
                    continue
                self._answered.add(message.raw)
            self._ladder.message('sipcm', self.name, message)
            return message

    def assert_silent(self):
        """Nothing came, and nothing does before the answer to another request."""
        message = self._peer.read(0)
        assert message is None, message.raw.decode()

    def _write(self, lines, body):
        head = '\r\n'.join(lines).encode()
        self._ladder.message(self.name, 'sipcm', Message(head, body))
        self._peer.send(head + b'\r\n\r\n' + body)
