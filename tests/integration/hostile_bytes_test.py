"""Bytes that are no SIP, or SIP that tries to shift, merge or outgrow messages."""

import random
import re
import ssl
import time
import unittest

from tests.integration.support.abuse_case import AbuseCase
from tests.integration.support.application import Application
from tests.integration.support.sip_peer import SipPeer, request
from tests.integration.support.waiting import wait_for

MEBIBYTE = 1 << 20
BODY = b'HELLO'
CONTENT_LENGTHS = {
    'negative': 'Content-Length: -1', 'signed': 'Content-Length: +5',
    '2^31': 'Content-Length: 2147483648', '2^32': 'Content-Length: 4294967296',
    '2^32 + 5': 'Content-Length: 4294967301', '2^64': 'Content-Length: 18446744073709551616',
    '2^64 + 5': 'Content-Length: 18446744073709551621', 'spaces': 'Content-Length:  5 ',
    'list': 'Content-Length: 5,5', 'hexadecimal': 'Content-Length: 0x5',
    'twice equal': 'Content-Length: 5\r\nContent-Length: 5',
    'twice different': 'Content-Length: 5\r\nContent-Length: 50',
    'both forms': 'Content-Length: 5\r\nl: 50', 'short form': 'l: 5', 'empty': 'Content-Length:',
    'missing': 'X-None: 0',
    'folded': 'Content-Length:\r\n 5', 'after a fold': 'Subject: a\r\n b\r\nContent-Length: 5',
}


def message(content_length, call_id):
    return request('MESSAGE', body=BODY, call_id=call_id).replace(b'Content-Length: 5',
                                                                  content_length.encode())


class HostileBytesTest(AbuseCase):

    def setUp(self):
        super().setUp()
        self.application = self.enterContext(Application(self.server, 'alice'))

    def delivered(self):
        """[(method, Call-ID, body)]"""
        found = []
        for delivery in self.application.requests():
            headers = {header.name: header.value for header in delivery.request.headers}
            found.append((delivery.request.method, headers['Call-ID'], delivery.request.body))
        return found

    def assert_others_are_served(self):
        with SipPeer(self.server.sip_address()) as peer:
            peer.send(request())
            self.assertEqual(peer.read().status, 200)

    # --- Rows 6 and 7 ----------------------------------------------------------------------------

    def test_five_hundred_messages_in_one_write_arrive_once_and_in_order(self):
        call_ids = ['pipelined-%d' % i for i in range(500)]
        data = b''.join(request('MESSAGE', call_id=call_id, body=b'body of ' + call_id.encode())
                        for call_id in call_ids)
        expected = [('MESSAGE', call_id, b'body of ' + call_id.encode()) for call_id in call_ids]
        chance = random.Random(7)
        for cuts in ([], sorted(chance.sample(range(len(data)), 300))):
            with self.subTest(cuts=len(cuts)), SipPeer(self.server.sip_address()) as peer:
                before = len(self.application.requests())
                for begin, end in zip([0, *cuts], [*cuts, len(data)]):
                    peer.send(data[begin:end])
                answers = [peer.read() for _ in call_ids]
                self.assertEqual({answer.status for answer in answers}, {200})
                self.assertEqual(self.delivered()[before:], expected)

    # --- Row 8 -----------------------------------------------------------------------------------

    def test_no_content_length_shifts_or_merges_messages(self):
        for name, row in CONTENT_LENGTHS.items():
            with self.subTest(name), SipPeer(self.server.sip_address()) as peer:
                before = len(self.application.requests())
                word = re.sub(r'\W', '-', name)
                doubtful, good = 'doubtful-' + word, 'good-' + word
                peer.send(message(row, doubtful) + request(call_id=good))
                statuses = []
                while (answer := peer.read(3)) is not None:
                    statuses.append(answer.status)
                    if answer.header('Call-ID') == good:
                        break
                delivered = self.delivered()[before:]
                for one in delivered:
                    self.assertIn(one, (('MESSAGE', doubtful, BODY), ('OPTIONS', good, b'')))
                self.assertEqual(len(delivered), len(set(delivered)), delivered)
                if len(delivered) < 2:
                    self.assertTrue(400 in statuses or peer.ended, statuses)
                print('%s: answered %s, %s' % (name, statuses,
                                               'closed' if peer.ended else 'goes on'))
        self.assert_others_are_served()

    # --- Row 9 -----------------------------------------------------------------------------------

    def test_what_is_too_large_is_refused_at_the_limit(self):
        plain = request()
        head, tail = plain.split(b'\r\n', 1)
        too_large = {
            'one line': b'OPTIONS ' + b'x' * MEBIBYTE,
            'no line feed': b'y' * MEBIBYTE,
            'headers': head + b'\r\n' + b'X: y\r\n' * 100000 + tail,
            'vias': head + b'\r\n' + b'Via: SIP/2.0/TCP a;branch=z9hG4bK1\r\n' * 10000 + tail,
            'folding': head + b'\r\nSubject: a' + b'\r\n b' * (MEBIBYTE // 4) + b'\r\n' + tail,
            'request URI': b'OPTIONS sip:' + b'z' * MEBIBYTE + b'@example.com SIP/2.0\r\n' + tail,
            'body': plain.replace(b'Content-Length: 0', b'Content-Length: 1048577') +
                    b'b' * (MEBIBYTE + 1),
        }
        before = self.footprint.resident_bytes()
        self.footprint.forget_peak()
        for name, data in too_large.items():
            with self.subTest(name), SipPeer(self.server.sip_address()) as peer:
                peer.send(data)
                self.assertTrue(peer.wait_until_closed())
        self.assertEqual(self.delivered(), [])
        growth = self.footprint.peak_bytes() - before
        print('peak resident memory + %.1f MiB' % (growth / MEBIBYTE))
        self.assertLess(growth, 2 * MEBIBYTE)
        self.assert_others_are_served()

    # --- Row 10 ----------------------------------------------------------------------------------

    def test_what_is_no_sip_is_closed_at_once(self):
        chance = random.Random(10)
        wrong = {
            'random': chance.randbytes(4096),
            'HTTP': b'GET / HTTP/1.1\r\nHost: example.com\r\n\r\n',
            'TLS to the TCP port': b'\x16\x03\x01\x00\xa0\x01\x00\x00\x9c\x03\x03' + bytes(149) +
                                   b'\r\n\r\n',
        }
        for name, data in wrong.items():
            with self.subTest(name), SipPeer(self.server.sip_address()) as peer:
                self.assert_closed_well_before_the_limit(peer, data)
        with SipPeer(self.server.sip_address('secure')) as peer:
            self.assert_closed_well_before_the_limit(peer, request())
        self.assertEqual(self.delivered(), [])
        self.assert_others_are_served()

    def assert_closed_well_before_the_limit(self, peer, data):
        started = time.monotonic()
        peer.send(data)
        self.assertTrue(peer.wait_until_closed())
        self.assertLess(time.monotonic() - started, 1.9)  # The limits of the manager are 2 s.

    def test_a_flood_of_rubbish_is_a_few_lines_of_log(self):
        before = len(self.server.log().splitlines())
        for _ in range(300):
            with SipPeer(self.server.sip_address()) as peer:
                peer.send(b'GET / HTTP/1.1\r\n\x1b[31mHost: \x00\r\n\r\n')
                self.assertTrue(peer.wait_until_closed())
        log = self.server.log()
        lines = log.splitlines()[before:]
        self.assertLess(len(lines), 300)
        self.assertGreater(len(lines), 0)
        self.assertNotIn('\x1b', log)
        self.assertNotIn('\x00', log)

    # --- Row 11 ----------------------------------------------------------------------------------

    def test_no_line_ending_joins_two_messages(self):
        first = request('MESSAGE', body=BODY, call_id='first')
        variants = {
            'no end of the header': first[:first.index(b'\r\n\r\n') + 2],
            'bare line feeds': first.replace(b'\r\n', b'\n'),
            'bare carriage returns': first.replace(b'\r\n', b'\r'),
            'NUL in a value': first.replace(b'Max-Forwards: 70', b'Subject: a\x00b'),
            'folded before the length': first.replace(b'Content-Length', b' Content-Length'),
        }
        for name, data in variants.items():
            with self.subTest(name), SipPeer(self.server.sip_address()) as peer:
                before = len(self.application.requests())
                peer.send(data + request(call_id='second'))
                while (answer := peer.read(3)) is not None:
                    if answer.header('Call-ID') == 'second':
                        break
                for one in self.delivered()[before:]:
                    self.assertIn(one, (('MESSAGE', 'first', BODY), ('OPTIONS', 'second', b'')))
        self.assert_others_are_served()

    # --- Row 20 ----------------------------------------------------------------------------------

    def test_a_message_that_tls_truncates_is_never_dispatched(self):
        tls = ssl.create_default_context(cafile=self.partners.certificate)
        whole = request('MESSAGE', body=BODY, call_id='truncated')
        application = self.enterContext(Application(self.server, 'secure-alice'))
        for end in ('close_notify', 'end_without_close_notify', 'reset'):
            with self.subTest(end), SipPeer(self.server.sip_address('secure'), tls=tls) as peer:
                peer.send(whole[:-2])
                getattr(peer, end)()
                self.assertTrue(end == 'reset' or peer.wait_until_closed())
        # What follows a close_notify is nobody's message (RFC 8446 6.1).
        with SipPeer(self.server.sip_address('secure'), tls=tls) as peer:
            peer.send(whole[:-2])
            peer.close_notify(then=whole[-2:])
            self.assertTrue(peer.wait_until_closed())
        wait_for(lambda: self.server.connection_count('secure') == 0, 'end of the connections')
        self.assertEqual(application.requests(), [])
        with SipPeer(self.server.sip_address('secure'), tls=tls) as peer:
            peer.send(whole)
            self.assertEqual(peer.read().status, 200)


if __name__ == '__main__':
    unittest.main()
