"""The processes of one measurement, each on loopback, each ended by its own id."""

import json
import os
import select
import subprocess
import tempfile
import time

_START_SECONDS = 20
_END_SECONDS = 10


class ProcessError(Exception):
    """A process did not do its part; the message says which and what it wrote."""


class Child:
    """A child process with pipes, ended by __exit__ whatever happens."""

    def __init__(self, arguments, **options):
        self._name = os.path.basename(arguments[0])
        self._errors = tempfile.TemporaryFile(mode='w+')
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self._errors, text=True, bufsize=1, **options)
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self._errors.close()

    def pids(self):
        """All processes that do its work."""
        return [self.pid]

    def errors(self):
        self._errors.seek(0)
        return self._errors.read()[-2000:].strip()

    def failure(self, what):
        return ProcessError('%s: %s; it wrote: %s' % (self._name, what, self.errors() or 'nothing'))

    def read_line(self, seconds=_START_SECONDS):
        """The next line of its standard output, within a deadline."""
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            raise self.failure('silent for %d s' % seconds)
        line = self.process.stdout.readline()
        if not line:
            raise self.failure('ended')
        return line.strip()


def listening_ports(pid):
    """TCP ports of 127.0.0.1 that a process listens on."""
    inodes = set()
    for name in os.listdir('/proc/%d/fd' % pid):
        try:
            link = os.readlink('/proc/%d/fd/%s' % (pid, name))
        except OSError:
            continue  # Closed meanwhile.
        if link.startswith('socket:['):
            inodes.add(link[len('socket:['):-1])
    ports = set()
    with open('/proc/%d/net/tcp' % pid, encoding='ascii') as table:
        for line in list(table)[1:]:
            fields = line.split()
            if fields[3] == '0A' and fields[9] in inodes:
                ports.add(int(fields[1].split(':')[1], 16))
    return ports


class Server(Child):
    """sipcm-server with one connection manager, whose port the system chooses.

    `manager`: its settings as in JSON, over the defaults here; `endpoints`: how many there are,
    the first of which is endpoints/echo; `extra`: further lists of the configuration.
    """

    def __init__(self, binary, workers, manager=None, endpoints=0, extra=None):
        self._folder = tempfile.TemporaryDirectory()
        config = {
            'connection_managers': [{
                'name': 'connectionManagers/load', 'kind': 'SERVER_TCP', 'auto_start': True,
                'listen_addresses': [{'host': '127.0.0.1', 'port': 0}],
                # The load comes over few connections, each as many clients.
                'limits': {'max_client_request_count': 0}, 'default_max_connection_count': 4,
                **(manager or {})}],
            'endpoints': [{
                'name': 'endpoints/' + name, 'kind': 'PEER_TO_PEER',
                'address': 'sip:%s@example.com' % name,
                'connection_manager': 'connectionManagers/load'}
                          for name in ['echo', *map('user{}'.format, range(1, endpoints))]
                          [:endpoints]],
            **(extra or {})}
        config_file = os.path.join(self._folder.name, 'config.json')
        with open(config_file, 'w', encoding='utf-8') as file:
            json.dump(config, file)
        addresses_file = os.path.join(self._folder.name, 'addresses.json')
        begin = time.monotonic()
        super().__init__([binary, '--grpc_address=127.0.0.1:0', '--admin_address=127.0.0.1:0',
                          '--workers=%d' % workers, '--config=' + config_file,
                          '--drain_timeout=0s', '--addresses_file=' + addresses_file])
        try:
            self._wait_until_serving(addresses_file)
        except BaseException:
            self.__exit__()
            raise
        self.start_seconds = time.monotonic() - begin

    def _wait_until_serving(self, addresses_file):
        end = time.monotonic() + _START_SECONDS
        while not os.path.exists(addresses_file):
            if self.process.poll() is not None or time.monotonic() > end:
                raise self.failure('does not serve')
            time.sleep(0.01)
        with open(addresses_file, encoding='utf-8') as file:
            addresses = json.load(file)
        self.grpc_address = addresses['grpc_address']
        others = {int(addresses[name].rsplit(':', 1)[1])
                  for name in ('grpc_address', 'admin_address')}
        ports = listening_ports(self.pid) - others
        if len(ports) != 1:
            raise self.failure('listens on %s besides %s' % (sorted(ports), sorted(others)))
        self.target = '127.0.0.1:%d' % ports.pop()

    def __exit__(self, *_):
        super().__exit__()
        self._folder.cleanup()


class LimitResponder(Child):
    """The least that a SIP server can do."""

    def __init__(self, binary, flags=()):
        super().__init__([binary, *flags])
        self.target = '127.0.0.1:' + self.read_line()


class DispatchLimit(Child):
    """The least that a server with an Attach stream can do."""

    def __init__(self, binary):
        super().__init__([binary])
        port, self.grpc_address = self.read_line().split()
        self.target = '127.0.0.1:' + port


class Application(Child):
    """An application that answers what endpoints/echo gets."""

    def __init__(self, command, grpc_address, flags=()):
        super().__init__([*command, '--server=' + grpc_address, '--endpoint=endpoints/echo',
                          *flags])
        try:
            self.read_line()  # It says that it has subscribed.
        except BaseException:
            self.__exit__()
            raise


class IdleConnections(Child):
    """The load generator with connections that are silent after one request each."""

    def __init__(self, binary, target, flags=()):
        super().__init__([binary, '--mode=idle', '--target=' + target, *flags])

    def grow_to(self, count, seconds=300):
        print(count, file=self.process.stdin, flush=True)
        established = json.loads(self.read_line(seconds))['established']
        if established != count:
            raise self.failure('%d of %d connections' % (established, count))

    def finish(self):
        """Ends it; fails when a connection had ended before."""
        self.process.stdin.close()
        try:
            code = self.process.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            raise self.failure('does not end') from None
        if code != 0:
            raise self.failure('exit code %d' % code)


def generate(binary, target, flags):
    """One closed-loop run of the load generator; its figures."""
    with Child([binary, '--target=' + target, *flags]) as generator:
        try:
            return json.loads(generator.read_line(seconds=120))
        except json.JSONDecodeError as error:
            raise generator.failure('its result cannot be read: %s' % error) from None
