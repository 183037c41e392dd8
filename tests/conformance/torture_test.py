"""The torture messages of RFC 4475 and RFC 5118 against the running server.

Each message is sent whole, byte by byte and cut at every place inside its CRLFCRLF. What comes of
it is judged by the column `acceptable` of expectations.tsv; then the next request on the same
connection is served if that is still open, and one on another connection always.
"""

import csv
import re
import ssl
import unittest

from tests.integration.support.application import Application
from tests.integration.support.authority import Authority
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager
from tests.integration.support.sip_peer import SipPeer, request
from tests.integration.support.waiting import wait_for

CORPUS = 'tests/corpus/'
DELIVERED = 699  # What the application answers with: nothing else does.
BODY_BYTES = {'mpart01': 553}
DELIVERIES = {'dblreq': 2}  # All others: one.
# BYE in a dialog that nobody has: 481 (RFC 3261 15.1.2), though what is tried by it is its header.
IN_DIALOG = {'mult-ip-in-header', 'via-received-param-with-delim'}


class Acceptable:
    """What the column says, in parts."""

    def __init__(self, text):
        self.dispatch = self.close = self.silence = self.any_status = False
        self.statuses = set()
        for alternative in text.split('|'):
            alternative = alternative.strip()
            if alternative.startswith('dispatch'):
                self.dispatch = True
            elif alternative.startswith('close'):
                self.close = True
            elif alternative.startswith(('drop', 'ignore')):
                self.silence = True
                self.close = self.close or 'or closes' in alternative
            elif alternative.startswith('reply-'):
                self.statuses.add(int(re.match(r'reply-(\d{3})', alternative).group(1)))
            elif alternative.startswith('no dispatch'):
                self.silence = self.close = True
                self.statuses |= {400, 408}
            elif alternative.startswith('anything but'):
                self.silence = self.close = self.any_status = True
            else:
                raise ValueError('not understood: "%s"' % alternative)

    @property
    def only_dispatch(self):
        return self.dispatch and not (self.statuses - {400} or self.any_status)


def corpus():
    """(name, bytes, stream action, Acceptable) of each message."""
    for folder in ('rfc4475', 'rfc5118'):
        with open('%s%s/expectations.tsv' % (CORPUS, folder), encoding='utf-8') as file:
            for row in csv.DictReader(file, delimiter='\t', quoting=csv.QUOTE_NONE):
                with open('%s%s/%s.dat' % (CORPUS, folder, row['name']), 'rb') as message:
                    yield (row['name'], message.read(), row['stream_action'],
                           Acceptable(row['acceptable']))


def whole(data):
    return [data]


def byte_by_byte(data):
    return [data[i:i + 1] for i in range(len(data))]


def cut_in_end_of_header(place):
    """Two pieces, the first of which ends after `place` bytes of CRLFCRLF."""

    def cut(data):
        end = data.find(b'\r\n\r\n')
        return [data] if end < 0 else [data[:end + place], data[end + place:]]

    return cut


def own_finals(statuses):
    """The server's own final answers; those of the application say what was delivered."""
    return [status for status in statuses if status >= 200 and status != DELIVERED]


class TortureCase(unittest.TestCase):
    tls = None  # an ssl.SSLContext for connections over TLS

    def start(self, more=None, **manager):
        # Anew for each: a request that was seen a moment ago is answered with 482.
        self.server = self.enterContext(ServerProcess({
            'connection_managers': [tcp_manager(default_endpoint='endpoints/sink',
                                                partial_message_timeout='0.5s', **manager)],
            'endpoints': [endpoint('sink', 'sip:sink@example.com')], **(more or {})}))
        self.application = self.enterContext(
            Application(self.server, 'sink', status=DELIVERED, view=1))
        self.bystander = self.enterContext(self.connect())

    def connect(self):
        return SipPeer(self.server.sip_address(), self.tls)

    def run_corpus(self, cut):
        for name, data, action, acceptable in corpus():
            with self.subTest(name):
                self.run_message(name, cut(data), action, acceptable)

    def run_message(self, name, pieces, action, acceptable):
        already = len(self.application.requests())
        with self.connect() as peer:
            for piece in pieces:
                peer.send(piece)
            if action == 'wait-then-close':
                # What would follow belongs to it, so nothing may: it ends at the time limit.
                statuses = []
                answer = peer.read()
                while answer is not None:
                    statuses.append(answer.status)
                    answer = peer.read()
                delivered = len(self.application.requests()) - already
                next_is_served = False
            else:
                statuses, next_is_served = self.ask_for_next(peer)
                if acceptable.only_dispatch and not own_finals(statuses):
                    # The application may be a little behind: what came after it closed the
                    # connection, or it is an INVITE with a tag, for which another worker is asked.
                    wait_for(lambda: len(self.application.requests()) >= already + next_is_served +
                             DELIVERIES.get(name, 1), 'delivery')
                delivered = len(self.application.requests()) - already - next_is_served
            closed = peer.ended
        self.judge(name, delivered, own_finals(statuses), closed, acceptable)
        self.assertTrue(next_is_served or closed, 'neither served nor closed')
        self.bystander.send(request(uri='sip:sink@example.com'))
        self.assertEqual(self.bystander.read().status, DELIVERED)

    def ask_for_next(self, peer):
        """(status codes of answers before, whether the next request was served)."""
        ask = request(uri='sip:sink@example.com')
        call_id = re.search(rb'Call-ID: (.*)\r\n', ask).group(1).decode()
        peer.send(ask)
        statuses = []
        while True:
            answer = peer.read()
            if answer is None:
                return statuses, False
            if answer.header('Call-ID') == call_id:
                self.assertEqual(answer.status, DELIVERED)
                return statuses, True
            statuses.append(answer.status)

    def judge(self, name, delivered, own, closed, acceptable):
        told = '%d delivered, answered %s, %s' % (delivered, own, 'closed' if closed else 'open')
        if delivered:
            self.assertTrue(acceptable.dispatch, told)
            self.assertEqual(delivered, DELIVERIES.get(name, 1), told)
            body = self.application.requests()[-2 if not closed else -1].request.body
            self.assertEqual(len(body), BODY_BYTES.get(name, len(body)))
        elif own:
            expected = {481} if name in IN_DIALOG else acceptable.statuses
            self.assertTrue(acceptable.any_status or set(own) <= expected, told)
        elif closed:
            self.assertTrue(acceptable.close, told)
        else:
            self.assertTrue(acceptable.silence, told)


class TortureOverTcpTest(TortureCase):

    def setUp(self):
        self.start()

    def test_whole(self):
        self.run_corpus(whole)

    def test_byte_by_byte(self):
        self.run_corpus(byte_by_byte)

    def test_cut_after_the_first_byte_of_the_end_of_the_header(self):
        self.run_corpus(cut_in_end_of_header(1))

    def test_cut_in_the_middle_of_the_end_of_the_header(self):
        self.run_corpus(cut_in_end_of_header(2))

    def test_cut_before_the_last_byte_of_the_end_of_the_header(self):
        self.run_corpus(cut_in_end_of_header(3))

    def test_nothing_is_left_behind(self):
        with self.connect() as peer:
            peer.send(b''.join(data for _, data, _, _ in corpus()))
        wait_for(lambda: self.server.connection_count() <= 1, 'end of all but the bystander')


class TortureOverTlsTest(TortureCase):

    def setUp(self):
        authority = self.enterContext(Authority())
        own = authority.issue('server', 'DNS:localhost')
        self.tls = ssl.create_default_context(cafile=authority.certificate)
        self.start({'certificates': [{'name': 'certificates/server',
                                      'certificate_file': own + '.pem',
                                      'private_key_file': own + '.key'}]},
                   kind='SERVER_TLS', certificate='certificates/server')

    def test_whole(self):
        self.run_corpus(whole)

    def test_byte_by_byte(self):
        """Each byte is a record of its own."""
        self.run_corpus(byte_by_byte)


if __name__ == '__main__':
    unittest.main()
