"""Runs one sample of one kind of work, each with fresh processes."""

import contextlib
import json
import os
import subprocess
import threading
import time

from measuring import node, peers, processes

BINARIES = {
    'server': 'server/sipcm-server',
    'echo_application': 'clients/cpp/examples/echo_application',
    'python_application': 'tests/benchmark/applications/python_application',
    'sender_application': 'tests/benchmark/applications/sender_application',
    'dispatch_limit': 'tests/benchmark/applications/dispatch_limit',
    'evapi_application': 'tests/benchmark/peers/evapi_application',
    'subscriber_application': 'tests/benchmark/applications/subscriber_application',
    'load_generator': 'tests/benchmark/load/load_generator',
    'limit_responder': 'tests/benchmark/load/limit_responder',
    'make_certificates': 'tests/pki/make_certificates',
}
TARGETS = ['//%s:%s' % os.path.split(path) for path in BINARIES.values()]

# More of a core than this used by others, or taken by the host, spoils a sample.
MAX_DISTURBANCE_CORES = 0.15

_AUTOMATIC_STATUS = 500  # No endpoint on the manager: semantics.md 7.
_MEMORY_FIELDS = ('Rss', 'Pss', 'Private_Dirty')
_IDLE_SECONDS = 10


class Bench:
    """`folder` has the binaries; `scratch` takes the certificates."""

    def __init__(self, folder, scratch, workers):
        self._binaries = {name: os.path.join(folder, path) for name, path in BINARIES.items()}
        for path in self._binaries.values():
            if not os.access(path, os.X_OK):
                raise processes.ProcessError('"%s" is not built' % path)
        self._workers = workers
        self._certificates = scratch
        subprocess.run([self._binaries['make_certificates'], scratch], check=True,
                       stdout=subprocess.DEVNULL)

    def _certificate(self, name):
        return os.path.join(self._certificates, name)

    def server(self, transport='TCP', workers=0, endpoint=False, endpoints=0, domains=1):
        """sipcm-server. `endpoint`: endpoints/echo is there, besides `endpoints` others."""
        manager = {}
        extra = {}
        if transport != 'TCP':
            allowed = ['host%d.partner%d.example.org' % (i, i) for i in range(1, domains)]
            manager = {'kind': 'SERVER_TLS', 'certificate': 'certificates/server',
                       'mutual_tls': 'REQUIRE' if transport == 'MUTUAL' else 'OFF',
                       'trust_bundle': 'trustBundles/ca',
                       'allowed_domains': [{'pattern': pattern}
                                           for pattern in (*allowed, 'edge.contoso.com')]}
            extra = {
                'certificates': [{'name': 'certificates/server',
                                  'certificate_file': self._certificate('server.pem'),
                                  'private_key_file': self._certificate('server.key')}],
                'trust_bundles': [{'name': 'trustBundles/ca',
                                   'certificates_file': self._certificate('ca.pem')}]}
        return processes.Server(self._binaries['server'], workers or self._workers, manager,
                                int(endpoint) + endpoints if endpoint else 0, extra)

    def tls_flags(self, transport):
        if transport == 'TCP':
            return []
        flags = ['--transport=TLS', '--ca_file=' + self._certificate('ca.pem')]
        if transport == 'MUTUAL':
            flags += ['--certificate_file=' + self._certificate('client-edge.pem'),
                      '--key_file=' + self._certificate('client-edge.key')]
        return flags

    def application(self, served_by, grpc_address, subscriptions=1):
        if served_by == 'node':
            return processes.Application(node.command(node.modules()), grpc_address)
        if served_by in ('subscribe', 'python'):
            binary = 'subscriber_application' if served_by == 'subscribe' else 'python_application'
            return processes.Application([self._binaries[binary]], grpc_address)
        view = 'PARSED' if served_by == 'attach_parsed' else 'RAW'
        return processes.Application([self._binaries['echo_application']], grpc_address,
                                     ['--view=' + view, '--subscriptions=%d' % subscriptions])

    def generator(self, target, flags):
        return processes.generate(self._binaries['load_generator'], target, flags)

    def limit(self, transport='TCP'):
        flags = []
        if transport != 'TCP':
            flags = [self._certificate('server.pem'), self._certificate('server.key')]
        if transport == 'MUTUAL':
            flags.append(self._certificate('ca.pem'))
        return processes.LimitResponder(self._binaries['limit_responder'], flags)

    def _kamailio(self, work, stack):
        """The process, and the one of its application."""
        if work.served_by == 'kamailio_relay':
            behind = stack.enter_context(self.limit())
            words = {'NEXT_PORT': behind.target.rsplit(':', 1)[1]}
            return stack.enter_context(peers.Kamailio('kamailio_relay.cfg', words=words)), None
        if work.served_by == 'kamailio_evapi':
            port = peers.free_port()
            server = stack.enter_context(
                peers.Kamailio('kamailio_evapi.cfg', words={'EVAPI_PORT': port}))
            return server, stack.enter_context(
                peers.EvapiApplication(self._binaries['evapi_application'], port))
        client_ca = self._certificate('ca.pem') if work.transport == 'MUTUAL' else None
        return stack.enter_context(peers.Kamailio(
            'kamailio_stateless.cfg', 'TCP' if work.transport == 'TCP' else 'TLS',
            self._certificate('server'), client_ca)), None

    def _serving(self, work, stack):
        """Starts who serves `work`: the server, and its application where it has one."""
        if work.served_by == 'limit':
            return stack.enter_context(self.limit(work.transport)), None
        if work.served_by == 'dispatch_limit':
            server = stack.enter_context(
                processes.DispatchLimit(self._binaries['dispatch_limit']))
            return server, stack.enter_context(self.application('attach', server.grpc_address))
        if work.is_rival:
            return self._kamailio(work, stack)
        automatic = work.served_by == 'automatic'
        server = stack.enter_context(self.server(
            work.transport, work.workers, not automatic, work.endpoints, work.domains))
        if automatic or work.served_by == 'outgoing':
            return server, None
        return server, stack.enter_context(
            self.application(work.served_by, server.grpc_address, work.subscriptions))

    def sample(self, work, warm_up, duration):
        """Figures of one run, with CPU per request in microseconds."""
        with contextlib.ExitStack() as stack:
            server, application = self._serving(work, stack)
            if work.served_by == 'outgoing':
                return self._sample_outgoing(work, server, stack, warm_up, duration)
            servers = server.pids()
            applications = [application.pid] if application else []
            status = _AUTOMATIC_STATUS if work.served_by == 'automatic' else 200
            mode = 'closed_loop' if work.mode == 'closed_loop' else 'churn'
            figures = self.generator(server.target, [
                '--mode=' + mode, *(['--resume'] if work.mode == 'resumed' else []),
                '--connections=%d' % work.connections, '--window=%d' % work.window,
                '--warm_up=%gs' % warm_up, '--duration=%gs' % duration, '--status=%d' % status,
                '--watch=' + ','.join(map(str, servers + applications)),
                *self.tls_flags(work.transport)])
            figures['pss_kib'] = sum(read_memory(pid)['Pss'] for pid in servers)
        return derive(figures, len(servers))

    def _sample_outgoing(self, work, server, stack, warm_up, duration):
        behind = stack.enter_context(self.limit())
        with processes.Child([
                self._binaries['sender_application'], '--server=' + server.grpc_address,
                '--target=' + behind.target, '--outstanding=%d' % work.window,
                '--warm_up=%gs' % warm_up, '--duration=%gs' % duration,
                '--watch=%d' % server.pid]) as sender:
            figures = json.loads(sender.read_line(seconds=120))
            pool = json.loads(sender.read_line())
        # The sender is the application, and the generator too: its CPU is the application's.
        figures['watched_cpu_seconds'].append(figures['generator_cpu_seconds'])
        figures['generator_cpu_seconds'] = 0.0
        figures['pss_kib'] = read_memory(server.pid)['Pss']
        figures['pool_connections'] = pool['connections']
        figures['pool_imbalance'] = pool['most'] - pool['fewest']
        return derive(figures, 1)

    def idle_memory(self, work, counts):
        """KiB of the server by number of idle connections, and cores used with the most of them.

        {count: {field: KiB}}, cores.
        """
        with self.server(work.transport) as server, processes.IdleConnections(
                self._binaries['load_generator'], server.target,
                ['--status=%d' % _AUTOMATIC_STATUS, *self.tls_flags(work.transport)]) as idle:
            readings = {}
            for count in counts:
                idle.grow_to(count)
                readings[count] = read_memory(server.pid)
            begin, used = time.monotonic(), cpu_seconds(server.pid)
            time.sleep(_IDLE_SECONDS)
            cores = (cpu_seconds(server.pid) - used) / (time.monotonic() - begin)
            idle.finish()
        return readings, cores

    def start_seconds(self, endpoints):
        """From the start of the process until it serves."""
        with self.server(endpoint=endpoints > 0, endpoints=max(endpoints - 1, 0)) as server:
            return server.start_seconds

    def latency_in_storm(self, duration):
        """Figures of 16 established connections while others do nothing but handshakes."""
        with self.server('MUTUAL') as server:
            storm = threading.Thread(target=self.generator, args=(server.target, [
                '--mode=churn', '--connections=8', '--warm_up=0s',
                '--duration=%gs' % (duration + 2),
                '--status=%d' % _AUTOMATIC_STATUS, *self.tls_flags('MUTUAL')]))
            storm.start()
            try:
                return self.generator(server.target, [
                    '--mode=open_loop', '--rate=1000', '--warm_up=1s', '--duration=%gs' % duration,
                    '--status=%d' % _AUTOMATIC_STATUS, '--watch=%d' % server.pid,
                    *self.tls_flags('MUTUAL')])
            finally:
                storm.join()

    def _attached(self, served_by, stack):
        """A server, its application unless it answers by itself, and what the replies will be."""
        automatic = served_by == 'automatic'
        server = stack.enter_context(self.server(endpoint=not automatic))
        watched = [server.pid]
        if not automatic:
            watched.append(
                stack.enter_context(self.application(served_by, server.grpc_address)).pid)
        return server, ['--status=%d' % (_AUTOMATIC_STATUS if automatic else 200),
                        '--watch=' + ','.join(map(str, watched))]

    def of_size(self, served_by, request_bytes, duration):
        """Figures of requests of that size, c16w8."""
        with contextlib.ExitStack() as stack:
            server, flags = self._attached(served_by, stack)
            return derive(self.generator(server.target, [
                '--request_bytes=%d' % request_bytes, '--warm_up=0.5s',
                '--duration=%gs' % duration, *flags]))

    def at_rate(self, served_by, rate, duration, window=4096):
        """Figures at a fixed rate; 'pss_kib': the server's memory in the middle and at the end."""
        with contextlib.ExitStack() as stack:
            server, flags = self._attached(served_by, stack)
            memory = []
            middle = threading.Timer(1 + duration / 2,
                                     lambda: memory.append(read_memory(server.pid)))
            middle.start()
            figures = self.generator(server.target, [
                '--mode=open_loop', '--rate=%g' % rate, '--window=%d' % window, '--warm_up=1s',
                '--duration=%gs' % duration, *flags])
            middle.join()
            memory.append(read_memory(server.pid))
        return {**derive(figures), 'pss_kib': [reading['Pss'] for reading in memory]}


def cpu_seconds(pid):
    """User and system time of a process so far."""
    with open('/proc/%d/stat' % pid, encoding='ascii') as file:
        fields = file.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def derive(figures, server_count=1):
    """Adds to the generator's figures what follows from them.

    The first `server_count` of the watched processes are the server's.
    """
    replies = max(figures['replies'], 1)
    watched = figures['watched_cpu_seconds']
    per_request = [1e6 * cpu / replies for cpu in watched]
    elsewhere = (figures['machine_cpu_seconds'] - sum(watched) -
                 figures['generator_cpu_seconds']) / figures['seconds']
    stolen = figures['stolen_seconds'] / figures['seconds']
    return {
        **figures,
        'cpu_us': sum(per_request),
        'server_us': sum(per_request[:server_count]),
        'application_us': sum(per_request[server_count:]),
        'generator_us': 1e6 * figures['generator_cpu_seconds'] / replies,
        'per_core': 1e6 / sum(per_request) if sum(per_request) else 0.0,
        'elsewhere_cores': max(elsewhere, 0.0),
        'stolen_cores': stolen,
        'quiet': elsewhere <= MAX_DISTURBANCE_CORES and stolen <= MAX_DISTURBANCE_CORES,
    }


def read_memory(pid):
    """KiB of a process, from the kernel's sum over its mappings."""
    with open('/proc/%d/smaps_rollup' % pid, encoding='ascii') as file:
        fields = (line.split() for line in list(file)[1:])
        return {field[0][:-1]: int(field[1]) for field in fields
                if field[0][:-1] in _MEMORY_FIELDS}
