"""A network of the tests' own: two network namespaces and a wire between them that loses, delays and
swallows packets as it is told. The kernel's TCP sees what it sees on a bad road; netem, which few
kernels of test machines have, is not needed. Needs root and /dev/net/tun."""

import contextlib
import ctypes
import fcntl
import heapq
import ipaddress
import os
import random
import select
import struct
import subprocess
import threading
import time

_CLONE_NEWNET = 0x40000000
_TUNSETIFF = 0x400454ca
_IFF_TUN_NO_HEADER = 0x0001 | 0x1000
_libc = ctypes.CDLL(None, use_errno=True)

HOME = '10.77.0.1'
HOME6 = 'fd77::1'
FAR = ['10.77.0.%d' % number for number in range(2, 8)]
FAR6 = ['fd77::%d' % number for number in range(2, 8)]


def _call(result):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _namespace():
    """A descriptor of the calling thread's."""
    return os.open('/proc/thread-self/ns/net', os.O_RDONLY | os.O_CLOEXEC)


def _enter(namespace):
    _call(_libc.setns(namespace, _CLONE_NEWNET))


def _leave_for_a_new_one():
    _call(_libc.unshare(_CLONE_NEWNET))


def _ip(*arguments):
    subprocess.run(('ip', *arguments), check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _open_tun(addresses):
    """The calling thread's namespace gets an interface "wire" with these addresses; packets that
    leave by it are read from the descriptor, those that are written to it arrive."""
    tun = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(tun, _TUNSETIFF, struct.pack('16sH22x', b'wire', _IFF_TUN_NO_HEADER))
    for address in addresses:
        if ':' in address:
            _ip('address', 'add', address + '/64', 'dev', 'wire', 'nodad')
        else:
            _ip('address', 'add', address + '/24', 'dev', 'wire')
    _ip('link', 'set', 'lo', 'up')
    _ip('link', 'set', 'wire', 'up')
    return tun


def why_impossible():
    """In plain words; empty when such a network can be made. Asks a thread, which changes nothing
    for the others."""
    reasons = []

    def attempt():
        try:
            _leave_for_a_new_one()
            os.close(_open_tun([HOME]))
        except (OSError, subprocess.CalledProcessError) as error:
            reasons.append('no network namespace of our own can be made here: %s' % error)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    return ''.join(reasons)


class NetworkLink:
    """Made in a process that has no other threads yet: it moves to a new namespace with the addresses
    HOME, HOME6 and 127.0.0.1, as does all that it starts from then on. FAR and FAR6 are at the other
    end of the wire; sockets that are made inside far() are there."""

    def __init__(self):
        _leave_for_a_new_one()
        self._far = _namespace()
        self._far_tun = _open_tun(FAR + FAR6)
        _leave_for_a_new_one()
        self._home = _namespace()
        self._home_tun = _open_tun([HOME, HOME6])
        self._lock = threading.Lock()
        self._swallowed = set()
        self._loss = 0.0
        self._delay = (0.0, 0.0)
        self._bytes_per_second = 0
        self._random = random.Random(36)
        self.packet_count = 0
        self.lost_count = 0
        self._under_way = []  # (when it arrives, a number, where, the packet)
        self._free_at = {self._home_tun: 0.0, self._far_tun: 0.0}
        self._wake, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._waker)
        self._thread.join()
        for descriptor in (self._wake, self._home_tun, self._far_tun, self._far, self._home):
            os.close(descriptor)

    @contextlib.contextmanager
    def far(self):
        """The calling thread is at the other end meanwhile, and so for good are the sockets that it
        makes there."""
        _enter(self._far)
        try:
            yield
        finally:
            _enter(self._home)

    def swallow(self, *addresses):
        """From now on nothing reaches these or comes from them, and nobody is told."""
        with self._lock:
            self._swallowed |= {ipaddress.ip_address(address).packed for address in addresses}

    def restore(self, *addresses):
        with self._lock:
            self._swallowed -= {ipaddress.ip_address(address).packed for address in addresses}

    @contextlib.contextmanager
    def without_home_address(self):
        """The machine has lost HOME meanwhile, as by an interface that fails."""
        _ip('address', 'del', HOME + '/24', 'dev', 'wire')
        try:
            yield
        finally:
            _ip('address', 'add', HOME + '/24', 'dev', 'wire')

    def degrade(self, loss=0.0, delay=0.0, jitter=0.0, bits_per_second=0):
        """For each packet from now on, either way. Seconds; packets may overtake each other."""
        with self._lock:
            self._loss, self._delay = loss, (delay, jitter)
            self._bytes_per_second = bits_per_second / 8

    def _carry(self):
        ends = {self._home_tun: self._far_tun, self._far_tun: self._home_tun}
        while True:
            timeout = None
            if self._under_way:
                timeout = max(0.0, self._under_way[0][0] - time.monotonic())
            readable, _, _ = select.select([self._wake, *ends], [], [], timeout)
            if self._wake in readable:
                return
            for tun in readable:
                self._take(tun, ends[tun])
            now = time.monotonic()
            while self._under_way and self._under_way[0][0] <= now:
                _, _, tun, packet = heapq.heappop(self._under_way)
                self._write(tun, packet)

    def _take(self, source, target):
        try:
            packet = os.read(source, 65536)
        except BlockingIOError:
            return
        with self._lock:
            self.packet_count += 1
            if self._is_swallowed(packet) or self._random.random() < self._loss:
                self.lost_count += 1
                return
            delay, jitter = self._delay
            arrives = time.monotonic()
            if self._bytes_per_second:
                arrives = max(arrives, self._free_at[source])
                arrives += len(packet) / self._bytes_per_second
                self._free_at[source] = arrives
            arrives += delay + self._random.uniform(-jitter, jitter)
            heapq.heappush(self._under_way, (arrives, self.packet_count, target, packet))

    def _is_swallowed(self, packet):
        ends = (packet[12:16], packet[16:20]) if packet[0] >> 4 == 4 else (packet[8:24],
                                                                           packet[24:40])
        return not self._swallowed.isdisjoint(ends)

    @staticmethod
    def _write(tun, packet):
        try:
            os.write(tun, packet)
        except OSError:
            pass  # Its end does not take it: lost, as packets are.
