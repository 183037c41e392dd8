"""A SIP product as a child process: started on free ports, ended with all its children."""

import os
import signal
import socket
import subprocess
import tempfile

from tests.integration.support.waiting import wait_for


def free_port():
    """A port of 127.0.0.1 that was free a moment ago, for products that cannot tell which port they
    got."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def accepts(port):
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(('127.0.0.1', port)) == 0


class Product:
    """Has a folder of its own, and a log there of what it printed."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        self._log = open(self.path('log'), 'wb')
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process is not None:
            # It leads a group, so that none of its children is left.
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
        self._log.close()
        self._folder.cleanup()

    def path(self, name):
        return os.path.join(self._folder.name, name)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text)
        return self.path(name)

    def log(self):
        with open(self.path('log'), encoding='utf-8', errors='replace') as file:
            return file.read()

    def start(self, command, stdin=subprocess.DEVNULL, stdout=None):
        self.process = subprocess.Popen(command, stdin=stdin, stdout=stdout or self._log,
                                        stderr=self._log, start_new_session=True)

    def wait_until(self, condition, what):
        """Waits for it, unless the product ends before."""
        try:
            return wait_for(lambda: condition() or self._check(), what)
        except AssertionError as error:
            raise AssertionError('%s; it says: %s' % (error, self.log()[-4000:])) from None

    def _check(self):
        if self.process.poll() is not None:
            raise AssertionError('the product ended with %s' % self.process.returncode)


def first_line(*command):
    """What it prints first, where products tell their version."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=30, check=False, stdin=subprocess.DEVNULL)
    return next(line for line in done.stdout.split('\n') if line.strip())
