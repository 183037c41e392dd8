"""Runs one sample of one kind of work, each with fresh processes."""

import contextlib
import os
import subprocess

from measuring import processes

BINARIES = {
    'server': 'server/sipcm-server',
    'echo_application': 'clients/cpp/examples/echo_application',
    'subscriber_application': 'tests/benchmark/load/subscriber_application',
    'load_generator': 'tests/benchmark/load/load_generator',
    'limit_responder': 'tests/benchmark/load/limit_responder',
    'make_certificates': 'tests/pki/make_certificates',
}
TARGETS = ['//%s:%s' % os.path.split(path) for path in BINARIES.values()]

# More of a core than this used by others, or taken by the host, spoils a sample.
MAX_DISTURBANCE_CORES = 0.15

_AUTOMATIC_STATUS = 500  # No endpoint on the manager: semantics.md 7.
_MEMORY_FIELDS = ('Rss', 'Pss', 'Private_Dirty')


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

    def _server(self, transport='TCP', mutual=False, endpoint=False):
        if transport == 'TCP':
            return processes.Server(self._binaries['server'], self._workers, endpoint=endpoint)
        manager = {'kind': 'SERVER_TLS', 'certificate': 'certificates/server',
                   'mutual_tls': 'REQUIRE' if mutual else 'OFF', 'trust_bundle': 'trustBundles/ca',
                   'allowed_domains': [{'pattern': 'edge.contoso.com'}]}
        extra = {
            'certificates': [{'name': 'certificates/server',
                              'certificate_file': self._certificate('server.pem'),
                              'private_key_file': self._certificate('server.key')}],
            'trust_bundles': [{'name': 'trustBundles/ca',
                               'certificates_file': self._certificate('ca.pem')}]}
        return processes.Server(self._binaries['server'], self._workers, manager, endpoint, extra)

    def _tls_flags(self, transport, mutual=False):
        if transport == 'TCP':
            return []
        flags = ['--transport=TLS', '--ca_file=' + self._certificate('ca.pem')]
        if mutual:
            flags += ['--certificate_file=' + self._certificate('client-edge.pem'),
                      '--key_file=' + self._certificate('client-edge.key')]
        return flags

    def _application(self, served_by, server):
        if served_by == 'subscribe':
            return processes.Application(self._binaries['subscriber_application'],
                                         server.grpc_address)
        view = 'PARSED' if served_by == 'attach_parsed' else 'RAW'
        return processes.Application(self._binaries['echo_application'], server.grpc_address,
                                     ['--view=' + view])

    def sample(self, work, warm_up, duration):
        """Figures of one run, with CPU per request in microseconds."""
        with contextlib.ExitStack() as stack:
            application = None
            if work.served_by == 'limit':
                server = stack.enter_context(
                    processes.LimitResponder(self._binaries['limit_responder']))
            else:
                automatic = work.served_by == 'automatic'
                server = stack.enter_context(
                    self._server(work.transport, endpoint=not automatic))
                if not automatic:
                    application = stack.enter_context(self._application(work.served_by, server))
            watched = [server.pid] + ([application.pid] if application else [])
            status = _AUTOMATIC_STATUS if work.served_by == 'automatic' else 200
            figures = processes.generate(self._binaries['load_generator'], server.target, [
                '--connections=%d' % work.connections, '--window=%d' % work.window,
                '--warm_up=%gs' % warm_up, '--duration=%gs' % duration, '--status=%d' % status,
                '--watch=' + ','.join(map(str, watched)), *self._tls_flags(work.transport)])
        return derive(figures)

    def idle_memory(self, work, counts):
        """KiB of the server process by number of idle connections: {count: {field: KiB}}."""
        with self._server(work.transport, work.mutual) as server, processes.IdleConnections(
                self._binaries['load_generator'], server.target,
                ['--status=%d' % _AUTOMATIC_STATUS,
                 *self._tls_flags(work.transport, work.mutual)]) as idle:
            readings = {}
            for count in counts:
                idle.grow_to(count)
                readings[count] = read_memory(server.pid)
            idle.finish()
        return readings


def derive(figures):
    """Adds to the generator's figures what follows from them."""
    replies = max(figures['replies'], 1)
    watched = figures['watched_cpu_seconds']
    per_request = [1e6 * cpu / replies for cpu in watched]
    elsewhere = (figures['machine_cpu_seconds'] - sum(watched) -
                 figures['generator_cpu_seconds']) / figures['seconds']
    stolen = figures['stolen_seconds'] / figures['seconds']
    return {
        **figures,
        'cpu_us': sum(per_request),
        'server_us': per_request[0],
        'application_us': per_request[1] if len(per_request) > 1 else 0.0,
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
