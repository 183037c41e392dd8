"""Other people's servers, from Debian's packages, as processes of ours."""

import os
import shutil
import socket
import tempfile
import time

from measuring import processes

_CONFIGURATIONS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                               'peers')
_START_SECONDS = 20
_SHARED_MEMORY_MB = 2048  # a transaction is kept for 5 s after its answer: 512 is full in 5 s
_PRIVATE_MEMORY_MB = 32


def kamailio_path():
    """Where Kamailio is; None: it is not installed."""
    return shutil.which('kamailio') or shutil.which('kamailio', path='/usr/sbin')


def free_port():
    """A port that nobody listens on now: Kamailio cannot let the system choose."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def process_tree(pid):
    """`pid` and all that it and its children started."""
    tree = [pid]
    for parent in tree:
        for task in os.listdir('/proc/%d/task' % parent):
            with open('/proc/%d/task/%s/children' % (parent, task), encoding='ascii') as file:
                tree.extend(int(child) for child in file.read().split())
    return tree


class Kamailio(processes.Child):
    """Kamailio with one of peers/kamailio_*.cfg and its fast allocator, in the foreground.

    `words`: what else its configuration is to have defined.
    """

    def __init__(self, configuration, transport='TCP', certificate=None, client_ca=None, words=()):
        self._folder = tempfile.TemporaryDirectory()
        self.port = free_port()
        self.target = '127.0.0.1:%d' % self.port
        defined = {'SIP_PORT': self.port, **dict(words)}
        flags = []
        if transport == 'TLS':
            flags += ['-A', 'WITH_TLS']
            defined.update(TLS_CERTIFICATE=certificate + '.pem', TLS_KEY=certificate + '.key')
        if client_ca:
            flags += ['-A', 'WITH_CLIENT_CA']
            defined['TLS_CLIENT_CA'] = client_ca
        for name in ('kamailio.cfg', configuration):
            self._write(name, defined)
        super().__init__([kamailio_path(), '-DD', '-E', '-x', 'fm', '-m', str(_SHARED_MEMORY_MB),
                          '-M', str(_PRIVATE_MEMORY_MB), '-Y', self._folder.name, '-w',
                          self._folder.name, '-f', os.path.join(self._folder.name, configuration),
                          *flags])
        try:
            self._wait_until_serving()
        except BaseException:
            self.__exit__()
            raise

    def _write(self, name, defined):
        with open(os.path.join(_CONFIGURATIONS, name), encoding='utf-8') as file:
            text = file.read()
        for word, value in defined.items():
            text = text.replace(word, str(value))
        text = text.replace('"kamailio.cfg"', '"%s/kamailio.cfg"' % self._folder.name)
        with open(os.path.join(self._folder.name, name), 'w', encoding='utf-8') as file:
            file.write(text)

    def _wait_until_serving(self):
        end = time.monotonic() + _START_SECONDS
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(('127.0.0.1', self.port)) == 0:
                    return
            if self.process.poll() is not None or time.monotonic() > end:
                raise self.failure('does not serve')
            time.sleep(0.05)

    def pids(self):
        return process_tree(self.pid)

    def __exit__(self, *_):
        super().__exit__()
        self._folder.cleanup()


class EvapiApplication(processes.Child):
    """The application behind Kamailio's evapi."""

    def __init__(self, binary, port):
        super().__init__([binary, str(port)])
        try:
            self.read_line()  # It says that it is connected.
        except BaseException:
            self.__exit__()
            raise
