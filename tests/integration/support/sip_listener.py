"""A SIP server of the tests' own: answers every request with 200, at once or when it is told to,
and keep-alives, and tells which request came by which connection."""

import socket
import struct
import threading

from tests.integration.support.sip_peer import Message


class SipListener:
    """Listens when constructed; over TLS with an ssl.SSLContext.

    Subclasses may give another _take(), which gets each message; pings are answered.
    """

    def __init__(self, tls=None, address=('127.0.0.1', 0)):
        self._tls = tls
        family = socket.AF_INET6 if ':' in address[0] else socket.AF_INET
        self._listener = socket.create_server(address, family=family)
        self.address = self._listener.getsockname()
        self._lock = threading.Lock()
        self._requests = []  # (number of the connection, from 1, and the request)
        self._connections = []
        self._open = set()  # numbers of connections that have not ended
        self._holding = False
        self._held = []  # (number, connection, request), not answered yet
        self._certificates = []  # in DER, of those who connected over TLS; None: showed none
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # Shutting down wakes the thread that accepts; closing alone does not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._connections:
                connection.close()

    def certificates(self):
        with self._lock:
            return list(self._certificates)

    def requests(self):
        with self._lock:
            return list(self._requests)

    def connections(self):
        """The number of the connection that each request came by."""
        return [number for number, _ in self.requests()]

    def open_connections(self):
        """The numbers of the connections that are up."""
        with self._lock:
            return set(self._open)

    def connection_count(self):
        """All that were ever accepted."""
        with self._lock:
            return len(self._connections)

    def hold(self):
        """Answers nothing from now on."""
        with self._lock:
            self._holding = True

    def release(self, number=None):
        """Answers what was held, of that connection or of all, which also ends holding."""
        with self._lock:
            released = [held for held in self._held if number in (None, held[0])]
            self._held = [held for held in self._held if held not in released]
            self._holding = self._holding and number is not None
        for _, connection, request in released:
            self._answer(connection, request, '200 OK')

    def drop(self, number):
        """Ends a connection."""
        with self._lock:
            connection = self._connections[number - 1]
        connection.shutdown(socket.SHUT_RDWR)

    def reset(self, number):
        """The same by RST."""
        with self._lock:
            connection = self._connections[number - 1]
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        connection.shutdown(socket.SHUT_RD)  # Wakes the thread that reads, which closes.

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._connections.append(connection)
                number = len(self._connections)
                self._open.add(number)
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def close_connections(self):
        """Ends all that are there."""
        with self._lock:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # It has ended.

    def _serve(self, connection, number):
        try:
            self._read(connection, number)
        finally:
            with self._lock:
                self._open.discard(number)
            connection.close()

    def _read(self, connection, number):
        received = b''
        if self._tls is not None:
            try:
                connection = self._tls.wrap_socket(connection, server_side=True)
            except OSError:
                return
            with self._lock:
                self._connections[number - 1] = connection
                self._certificates.append(connection.getpeercert(binary_form=True))
        while True:
            try:
                data = connection.recv(65536)
            except OSError:
                return
            if not data:
                return
            received += data
            while True:
                while received.startswith(b'\r\n\r\n'):  # a keep-alive (RFC 5626 4.4.1)
                    received = received[4:]
                    self._write(connection, b'\r\n')
                head, separator, rest = received.partition(b'\r\n\r\n')
                if not separator:
                    break
                message = Message(head, b'')
                length = int(message.header('Content-Length') or 0)
                if len(rest) < length:
                    break
                received = rest[length:]
                message.body = rest[:length]
                self._take(connection, number, message)

    def _take(self, connection, number, message):
        with self._lock:
            self._requests.append((number, message))
            if self._holding:
                self._held.append((number, connection, message))
                return
        self._answer(connection, message, '200 OK')

    @staticmethod
    def _answer(connection, request, status, extra=()):
        lines = ['SIP/2.0 ' + status]
        for name in ('Via', 'From', 'To', 'Call-ID', 'CSeq'):
            lines += ['%s: %s' % (name, value) for value in request.all(name)]
        lines += [*extra, 'Content-Length: 0']
        SipListener._write(connection, ('\r\n'.join(lines) + '\r\n\r\n').encode())

    @staticmethod
    def _write(connection, data):
        try:
            connection.sendall(data)
        except OSError:
            pass
