"""A DNS server of the tests' own, over UDP: answers from a table; what is not in it does not
exist."""

import ipaddress
import socket
import struct
import threading

_TYPES = {1: 'A', 28: 'AAAA', 33: 'SRV', 35: 'NAPTR'}


def _name(name):
    labels = [label for label in name.split('.') if label]
    return b''.join(bytes([len(label)]) + label.encode() for label in labels) + b'\0'


def _text(text):
    return bytes([len(text)]) + text.encode()


def _data(kind, value):
    """`value`: an address; (priority, weight, port, target); or (order, preference, service,
    replacement)."""
    if kind in ('A', 'AAAA'):
        return ipaddress.ip_address(value).packed
    if kind == 'SRV':
        return struct.pack('>HHH', *value[:3]) + _name(value[3])
    return (struct.pack('>HH', *value[:2]) + _text('s') + _text(value[2]) + _text('') +
            _name(value[3]))


class DnsServer:
    """Listens when constructed; use it with `with`."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(('127.0.0.1', 0))
        self.address = '127.0.0.1:%d' % self._socket.getsockname()[1]
        self._lock = threading.Lock()
        self._records = {}
        self._silent = set()
        self._questions = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # A datagram to itself wakes the thread that receives; closing alone does not.
        self._socket.sendto(b'', self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def set(self, kind, name, *values):
        with self._lock:
            self._records[kind, name] = values

    def silence(self, name):
        with self._lock:
            self._silent.add(name)

    def questions(self):
        """(kind, name) of each question so far."""
        with self._lock:
            return list(self._questions)

    def _serve(self):
        while True:
            query, sender = self._socket.recvfrom(1500)
            if not query:
                return
            reply = self._reply(query)
            if reply:
                self._socket.sendto(reply, sender)

    def _reply(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
            at += 1 + query[at]
        name, end = '.'.join(labels), at + 5
        kind = _TYPES.get(struct.unpack('>H', query[at + 1:at + 3])[0], '?')
        with self._lock:
            self._questions.append((kind, name))
            if name in self._silent:
                return None
            values = self._records.get((kind, name), ())
            exists = any(known == name for _, known in self._records)
        answers = b''.join(
            _name(name) + query[at + 1:end] + struct.pack('>IH', 60, len(data)) + data
            for data in (_data(kind, value) for value in values))
        flags = 0x8180 if exists else 0x8183
        return (query[:2] + struct.pack('>HHHHH', flags, 1, len(values), 0, 0) + query[12:end] +
                answers)
