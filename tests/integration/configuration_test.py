"""Command line and configuration: each mistake is one line that names what is wrong."""

import json
import os
import socket
import subprocess
import tempfile
import unittest

from tests.integration.support.authority import Authority
from tests.integration.support.server_process import (BINARY, FREE_ADDRESSES, ServerProcess,
                                                      endpoint, tcp_manager)


def run(*flags, config=None):
    """Runs the server, which is expected to refuse. Answers (exit status, standard error)."""
    with tempfile.TemporaryDirectory() as folder:
        given = [flag.split('=')[0] for flag in flags]
        free = [flag for flag in FREE_ADDRESSES if flag.split('=')[0] not in given]
        arguments = [BINARY, *free, *flags]
        if config is not None:
            path = os.path.join(folder, 'config.json')
            with open(path, 'w', encoding='utf-8') as file:
                file.write(config if isinstance(config, str) else json.dumps(config))
            arguments.append('--config=' + path)
        done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=60, check=False)
        return done.returncode, done.stderr


class ConfigurationTest(unittest.TestCase):

    def assert_refused(self, result, status, *words):
        returncode, text = result
        self.assertEqual(returncode, status, text)
        self.assertEqual(len(text.splitlines()), 1, text)
        for word in words:
            self.assertIn(word, text)

    def test_unknown_flag_is_named(self):
        self.assert_refused(run('--no_such_flag'), 2, '--no_such_flag', '--help')

    def test_flags_outside_their_range_are_named(self):
        self.assert_refused(run('--workers=65'), 2, 'workers', '1 to 64')
        self.assert_refused(run('--workers=many'), 2, 'workers')
        self.assert_refused(run('--log_format=xml'), 2, 'log_format', 'xml')
        self.assert_refused(run('--grpc_address=nowhere'), 2, 'grpc_address', 'nowhere')
        self.assert_refused(run('--admin_address=127.0.0.1:99999'), 2, 'admin_address', '99999')

    def test_missing_config_file_is_named(self):
        self.assert_refused(run('--config=/no/such/file.json'), 2, '/no/such/file.json')

    def test_config_that_is_no_json_is_told(self):
        self.assert_refused(run(config='{"endpoints": ['), 2, 'config.json')

    def test_unknown_field_is_named(self):
        self.assert_refused(run(config={'conection_managers': []}), 2, 'conection_managers')

    def test_wrong_field_is_named_with_its_path(self):
        self.assert_refused(
            run(config={'connection_managers': [tcp_manager()],
                        'endpoints': [endpoint('alice', 'sip:alice@example.com'),
                                      endpoint('bob', 'mailto:bob@example.com')]}), 2,
            'endpoints[1].address', 'mailto:bob@example.com')

    def test_negative_timeout_is_refused(self):
        self.assert_refused(
            run(config={'connection_managers': [
                tcp_manager(default_incoming_connection_timeout='-1s')]}), 2,
            'connection_managers[0].default_incoming_connection_timeout')

    def test_empty_allowed_domains_need_consent(self):
        self.assert_refused(
            run(config={'connection_managers': [
                {'name': 'connectionManagers/edge', 'kind': 'SERVER_TCP',
                 'allowed_domains': [{'pattern': '*.contoso.com'}]}]}), 2,
            'connection_managers[0].allowed_domains[0].pattern', '*.contoso.com')

    def test_endpoint_without_its_manager_is_refused(self):
        self.assert_refused(
            run(config={'endpoints': [endpoint('alice', 'sip:alice@example.com', 'nowhere')]}), 2,
            'endpoints[0].connection_manager', 'connectionManagers/nowhere')

    def test_key_that_does_not_match_is_told(self):
        authority = self.enterContext(Authority())
        one = authority.issue('one', 'DNS:one.example.com')
        two = authority.issue('two', 'DNS:two.example.com')
        self.assert_refused(
            run(config={'certificates': [{'name': 'certificates/edge',
                                          'certificate_file': one + '.pem',
                                          'private_key_file': two + '.key'}]}), 2,
            'certificates[0]', 'key')

    def test_missing_key_is_told(self):
        authority = self.enterContext(Authority())
        one = authority.issue('one', 'DNS:one.example.com')
        self.assert_refused(
            run(config={'certificates': [{'name': 'certificates/edge',
                                          'certificate_file': one + '.pem'}]}), 2,
            'certificates[0]', 'private_key')

    def test_expired_certificate_is_told(self):
        authority = self.enterContext(Authority())
        old = authority.issue('old', 'DNS:old.example.com',
                              lifetime=('20200101000000Z', '20200201000000Z'))
        self.assert_refused(
            run(config={'certificates': [{'name': 'certificates/edge',
                                          'certificate_file': old + '.pem',
                                          'private_key_file': old + '.key'}]}), 2,
            'certificates[0]', 'expired')

    def test_unreadable_certificate_file_is_named(self):
        self.assert_refused(
            run(config={'certificates': [{'name': 'certificates/edge',
                                          'certificate_file': '/no/such.pem',
                                          'private_key_file': '/no/such.key'}]}), 2,
            'certificates[0]', '/no/such.pem')

    def test_taken_api_port_is_named(self):
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            taken.listen()
            address = '127.0.0.1:%d' % taken.getsockname()[1]
            self.assert_refused(run('--grpc_address=' + address), 1, address)

    def test_taken_admin_port_is_named(self):
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            taken.listen()
            address = '127.0.0.1:%d' % taken.getsockname()[1]
            self.assert_refused(run('--admin_address=' + address), 1, address)

    def test_two_servers_do_not_share_an_api_port(self):
        with ServerProcess() as first:
            self.assert_refused(run('--grpc_address=' + first.grpc_address), 1,
                                first.grpc_address)

    def test_help_and_version_end_with_success(self):
        for flag in ('--help', '--version'):
            done = subprocess.run([BINARY, flag], stdout=subprocess.PIPE, text=True, timeout=60,
                                  check=False)
            self.assertEqual(done.returncode, 0)
            self.assertIn('sipcm' if flag == '--version' else '--grpc_address', done.stdout)


if __name__ == '__main__':
    unittest.main()
