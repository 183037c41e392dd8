"""Many plain TCP connections at once, each with a script of its own."""

import asyncio
import socket
import struct
import time


class Connection:
    """One of a crowd. `opened` and `closed`: monotonic seconds; `closed` is 0 while it is open."""

    def __init__(self, reader, writer):
        self._reader = reader
        self._writer = writer
        self.opened = time.monotonic()
        self.closed = 0.0
        self.received = b''

    @property
    def lifetime(self):
        return self.closed - self.opened

    def write(self, data):
        """Without waiting: what a peer that is gone loses does not matter."""
        if not self._writer.is_closing():
            self._writer.write(data)

    async def trickle(self, data, seconds):
        """One byte every so many seconds, until the other side closes."""
        for byte in data:
            if self.closed:
                return
            self.write(bytes([byte]))
            await asyncio.sleep(seconds)

    async def read_until_closed(self):
        try:
            while data := await self._reader.read(65536):
                self.received += data
        except OSError:
            pass
        self.closed = time.monotonic()

    def reset(self):
        """Ends it by RST."""
        plain = self._writer.get_extra_info('socket')
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self._writer.transport.abort()

    def end(self):
        self._writer.close()


async def _one(address, script, seconds, gate):
    async with gate:
        reader, writer = await asyncio.open_connection(*address)
    connection = Connection(reader, writer)
    reading = asyncio.create_task(connection.read_until_closed())
    acting = asyncio.create_task(script(connection))
    try:
        await asyncio.wait_for(asyncio.shield(reading), seconds)
    except asyncio.TimeoutError:
        pass
    acting.cancel()
    reading.cancel()
    await asyncio.gather(acting, reading, return_exceptions=True)
    connection.end()
    return connection


def crowd(address, count, script, seconds, at_once=100):
    """`count` connections that run `script` (a coroutine function of Connection) and read until the
    other side closes, or `seconds`; `at_once` connect at a time. Answers them all, ended."""

    async def run():
        gate = asyncio.Semaphore(at_once)
        return await asyncio.gather(*(_one(address, script, seconds, gate) for _ in range(count)))

    return asyncio.run(run())


async def nothing(_):
    """The script of a silent peer."""
