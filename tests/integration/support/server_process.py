"""The real server as a child process, on ports that the system chooses."""

import json
import os
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request

import grpc

from proto.sipcm.v1 import (admin_pb2_grpc, certificates_pb2_grpc, connection_managers_pb2,
                            connection_managers_pb2_grpc, connection_pools_pb2_grpc,
                            connections_pb2, connections_pb2_grpc, endpoints_pb2_grpc,
                            messaging_pb2_grpc)
from tests.integration.support.waiting import wait_for

BINARY = 'server/sipcm-server'  # Tests run at the root of their runfiles.
FREE_ADDRESSES = ('--grpc_address=127.0.0.1:0', '--admin_address=127.0.0.1:0')


class ServerProcess:
    """Started when constructed; use it with `with`, so that it ends whatever happens."""

    def __init__(self, config=None, flags=(), grpc_address='127.0.0.1:0', wrapper=()):
        """`config`: Config in JSON form as a dict, with paths of files absolute. `wrapper`: a
        command that gets the server's as further arguments and becomes it."""
        self._folder = tempfile.TemporaryDirectory()
        addresses_file = self.path('addresses.json')
        arguments = [*wrapper, BINARY, '--grpc_address=' + grpc_address, '--admin_address=127.0.0.1:0',
                     '--workers=2', '--addresses_file=' + addresses_file, *flags]
        if config is not None:
            with open(self.path('config.json'), 'w', encoding='utf-8') as file:
                json.dump(config, file)
            arguments.append('--config=' + self.path('config.json'))
        self._log = open(self.path('log'), 'wb')
        self.process = subprocess.Popen(arguments, stdout=self._log, stderr=subprocess.STDOUT)
        try:
            wait_for(lambda: os.path.exists(addresses_file) or self.process.poll() is not None,
                     'addresses of the server')
            assert self.process.poll() is None, 'the server ended: ' + self.log()
            with open(addresses_file, encoding='utf-8') as file:
                addresses = json.load(file)
        except BaseException:
            self._release()
            raise
        self.grpc_address = addresses['grpc_address']
        self.admin_address = addresses['admin_address']
        self.channel = grpc.insecure_channel(self.grpc_address)
        self.managers = connection_managers_pb2_grpc.ConnectionManagersStub(self.channel)
        self.endpoints = endpoints_pb2_grpc.EndpointsStub(self.channel)
        self.messaging = messaging_pb2_grpc.MessagingStub(self.channel)
        self.connections = connections_pb2_grpc.ConnectionsStub(self.channel)
        self.pools = connection_pools_pb2_grpc.ConnectionPoolsStub(self.channel)
        self.certificates = certificates_pb2_grpc.CertificatesStub(self.channel)
        self.admin = admin_pb2_grpc.AdminStub(self.channel)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()
        self._release()

    def _release(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._log.close()
        self._folder.cleanup()

    def path(self, name):
        return os.path.join(self._folder.name, name)

    def log(self):
        with open(self.path('log'), encoding='utf-8', errors='replace') as file:
            return file.read()

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def sip_address(self, manager='edge'):
        """(host, port) that a manager listens on."""
        request = connection_managers_pb2.GetConnectionManagerRequest(
            name='connectionManagers/' + manager)
        bound = self.managers.GetConnectionManager(request, timeout=10).bound_addresses
        assert bound, 'manager "%s" does not listen: %s' % (manager, self.log())
        return bound[0].host, bound[0].port

    def connection_count(self, manager='-'):
        request = connections_pb2.ListConnectionsRequest(
            parent='connectionManagers/' + manager, page_size=1000)
        count = 0
        while True:
            page = self.connections.ListConnections(request, timeout=10)
            count += len(page.connections)
            request.page_token = page.next_page_token
            if not request.page_token:
                return count

    def http(self, path):
        """(status, text) of a page of the admin address."""
        try:
            with urllib.request.urlopen('http://%s%s' % (self.admin_address, path),
                                        timeout=10) as page:
                return page.status, page.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


def tcp_manager(name='edge', **settings):
    """A manager that listens on a free port of 127.0.0.1, for a config. Peers of tests pipeline: the
    limit of one client is off unless `settings` has limits of its own."""
    return {'name': 'connectionManagers/' + name, 'kind': 'SERVER_TCP', 'auto_start': True,
            'listen_addresses': [{'host': '127.0.0.1', 'port': 0}],
            'limits': {'max_client_request_count': 0}, **settings}


def tls_config(own, authority, domains=(), bundle=(), **settings):
    """The config of a server with endpoint "alice" on the TLS manager "edge", which presents the
    certificate `own` and trusts `authority`. `domains`: patterns that it allows; `bundle`: more of
    its trust bundle; `settings`: more of the manager."""
    if domains:
        settings['allowed_domains'] = [{'pattern': pattern} for pattern in domains]
    return {
        'certificates': [{'name': 'certificates/edge', 'certificate_file': own + '.pem',
                          'private_key_file': own + '.key'}],
        'trust_bundles': [{'name': 'trustBundles/partners',
                           'certificates_file': authority.certificate, **dict(bundle)}],
        'connection_managers': [
            tcp_manager('edge', kind='SERVER_TLS', certificate='certificates/edge',
                        trust_bundle='trustBundles/partners', **settings)],
        'endpoints': [endpoint('alice', 'sip:alice@example.com')]}


def endpoint(name, address, manager='edge', **settings):
    return {'name': 'endpoints/' + name, 'kind': 'PEER_TO_PEER', 'address': address,
            'connection_manager': 'connectionManagers/' + manager, **settings}
