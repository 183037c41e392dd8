"""The command line against the real server."""

import json
import os
import subprocess
import unittest

from tests.integration.support.application import Application
from tests.integration.support.authority import Authority
from tests.integration.support.server_process import ServerProcess
from tests.integration.support.sip_peer import SipPeer, request

BINARY = 'clients/cli/sipcm'


class CommandLineTest(unittest.TestCase):

    def setUp(self):
        self.server = self.enterContext(ServerProcess())
        self.environment = dict(os.environ, SIPCM_SERVER=self.server.grpc_address)

    def run_line(self, *words, status=0):
        """Standard output, or standard error when a failure is expected."""
        done = subprocess.run([BINARY, *words], env=self.environment, text=True, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stderr if status else done.stdout

    def create_edge(self):
        self.run_line('managers', 'create', 'edge', '--kind', 'SERVER_TCP', '--listen',
                      '127.0.0.1:0', '--start')
        self.run_line('endpoints', 'create', 'alice', '--address', 'sip:alice@example.com',
                      '--manager', 'edge')

    def test_lists_are_aligned_tables(self):
        self.create_edge()
        lines = self.run_line('managers', 'list').splitlines()
        self.assertEqual(len(lines), 2)
        self.assertTrue(lines[0].startswith('NAME'))
        self.assertTrue(lines[1].startswith('connectionManagers/edge'))
        self.assertEqual(lines[0].index('KIND'), lines[1].index('SERVER_TCP'))
        self.assertEqual(lines[0].index('STATE'), lines[1].index('LISTENING'))

    def test_json_is_json(self):
        self.create_edge()
        managers = json.loads(self.run_line('managers', 'list', '--json'))['connectionManagers']
        self.assertEqual(managers[0]['state'], 'LISTENING')
        endpoint = json.loads(self.run_line('--json', 'endpoints', 'get', 'alice'))
        self.assertEqual(endpoint['address'], 'sip:alice@example.com')

    def test_managers_start_stop_change_and_go(self):
        self.create_edge()
        self.assertIn('IDLE', self.run_line('managers', 'stop', 'edge'))
        self.assertIn('LISTENING', self.run_line('managers', 'start', 'edge'))
        self.assertIn('5s', self.run_line('managers', 'update', 'edge', '--set',
                                          'first_message_timeout=5s'))
        error = self.run_line('managers', 'delete', 'edge', status=1)
        self.assertIn('reason=RESOURCE_IN_USE', error)
        self.run_line('managers', 'delete', 'edge', '--force')
        self.assertEqual(len(self.run_line('managers', 'list').splitlines()), 1)

    def test_domains_are_added_listed_and_removed(self):
        self.create_edge()
        self.assertEqual(self.run_line('domains', 'add', 'edge', '.Contoso.com'), 'added\n')
        self.assertEqual(self.run_line('domains', 'add', 'edge', '.contoso.com'),
                         'was there already\n')
        self.assertIn('.contoso.com', self.run_line('domains', 'list', 'edge'))
        self.assertTrue(self.run_line('domains', 'remove', 'edge', '.contoso.com').startswith(
            'removed'))
        self.assertIn('reason=INVALID_DOMAIN_PATTERN',
                      self.run_line('domains', 'add', 'edge', '*.contoso.com', status=1))

    def test_an_unknown_command_is_named_with_those_that_there_are(self):
        error = self.run_line('bogus', status=2)
        self.assertIn('sipcm has no command "bogus"; give one of server, managers', error)
        error = self.run_line('pools', 'update', 'x', '--max', '3', status=2)
        self.assertIn('pools has no command "update"; give one of list, get, set, delete\n', error)
        self.assertEqual(error.count('\n'), 1)

    def test_pools_are_set_before_they_are_there(self):
        self.create_edge()
        name = 'connectionManagers/edge/pools/tcp:127.0.0.1:5070'
        self.run_line('pools', 'set', name, '--max', '3')
        self.assertIn('CONFIGURED', self.run_line('pools', 'list', 'edge'))
        self.assertRegex(self.run_line('pools', 'get', name), r'max_connection_count +3\n')
        self.run_line('pools', 'set', name, '--selection', 'REUSE_FIRST', '--sizing', 'AUTO')
        pool = self.run_line('pools', 'get', name)
        self.assertRegex(pool, r'max_connection_count +3\n')
        self.assertRegex(pool, r'selection +REUSE_FIRST\n')
        self.assertRegex(pool, r'target_connection_count +1\n')
        self.run_line('pools', 'set', name, status=2)
        self.assertIn('reason=FIELD_OUT_OF_RANGE',
                      self.run_line('pools', 'set', name, '--max', '0', status=1))
        self.run_line('pools', 'delete', name)
        self.assertNotIn(name, self.run_line('pools', 'list', 'edge'))

    def test_certificates_and_peers(self):
        authority = self.enterContext(Authority())
        own = authority.issue('server', 'DNS:localhost')
        peer = authority.issue('peer', 'DNS:sip.contoso.com')
        stranger = authority.issue('stranger', 'DNS:sip.example.org')
        created = self.run_line('certificates', 'create', 'edge', '--certificate', own + '.pem',
                                '--key', own + '.key')
        self.assertNotIn('PRIVATE KEY', created)
        self.run_line('trust-bundles', 'create', 'partners', '--certificates',
                      authority.certificate)
        self.run_line('managers', 'create', 'secure', '--kind', 'SERVER_TLS', '--listen',
                      '127.0.0.1:0', '--certificate', 'edge', '--trust-bundle', 'partners',
                      '--mutual-tls', 'REQUIRE', '--allow', '.contoso.com', '--start')
        self.assertIn('localhost', self.run_line('certificates', 'list'))
        self.assertIn('trustBundles/partners', self.run_line('trust-bundles', 'list'))
        self.assertIn('ALLOWED', self.run_line('check-peer', peer + '.pem', '--manager', 'secure'))
        self.run_line('check-peer', stranger + '.pem', '--manager', 'secure', status=1)
        self.assertIn('reason=RESOURCE_IN_USE',
                      self.run_line('certificates', 'delete', 'edge', status=1))

    def test_certificates_are_rotated_from_pem_pkcs12_and_watched_files(self):
        authority = self.enterContext(Authority())
        bases = [authority.issue('server%d' % i, 'DNS:localhost') for i in range(4)]
        self.run_line('certificates', 'create', 'edge', '--certificate', bases[0] + '.pem',
                      '--key', bases[0] + '.key')
        self.assertRegex(
            self.run_line('certificates', 'update', 'edge', '--certificate', bases[1] + '.pem',
                          '--key', bases[1] + '.key', '--old-connections', 'DRAIN'),
            r'version +[0-9a-f]{16}-2\n')
        with open(bases[2] + '.password', 'w', encoding='utf-8') as file:
            file.write('secret\n')
        subprocess.run(['openssl', 'pkcs12', '-export', '-inkey', bases[2] + '.key', '-in',
                        bases[2] + '.pem', '-passout', 'file:' + bases[2] + '.password', '-out',
                        bases[2] + '.p12'], check=True)
        self.assertRegex(
            self.run_line('certificates', 'update', 'edge', '--pkcs12', bases[2] + '.p12',
                          '--password-file', bases[2] + '.password'),
            r'version +[0-9a-f]{16}-3\n')
        watched = self.run_line('certificates', 'update', 'edge', '--watch-certificate',
                                bases[3] + '.pem', '--watch-key', bases[3] + '.key')
        self.assertRegex(watched, r'version +[0-9a-f]{16}-4\n')
        self.assertIn(bases[3] + '.key', watched)
        self.run_line('trust-bundles', 'create', 'partners', '--watch-certificates',
                      authority.certificate)
        self.assertIn('crl_count', self.run_line(
            'trust-bundles', 'update', 'partners', '--certificates', authority.certificate,
            '--crls', self.crl(authority, bases[0]), '--old-connections', 'CLOSE'))

    def crl(self, authority, revoked):
        path = revoked + '.crl'
        with open(path, 'w', encoding='utf-8') as file:
            file.write(authority.crl([revoked]))
        return path

    def test_explain_names_the_step(self):
        self.create_edge()
        text = self.run_line('endpoints', 'explain', 'edge', 'OPTIONS', 'sip:alice@example.com')
        self.assertIn('REQUEST_URI_ADDRESS', text)
        self.assertIn('endpoints/alice', text)

    def test_subscribe_answers_and_ends_after_the_count(self):
        self.create_edge()
        process = subprocess.Popen(
            [BINARY, 'subscribe', 'alice', '--answer', '202', '--header', 'X-By: cli', '--count',
             '2'], env=self.environment, text=True, stdout=subprocess.PIPE)
        with process:
            self.assertEqual(process.stdout.readline(), 'subscribed to endpoints/alice\n')
            with SipPeer(self.server.sip_address()) as peer:
                for _ in range(2):
                    peer.send(request('MESSAGE', body=b'hello \x1b[31m'))
                    answer = peer.read()
                    self.assertEqual(answer.status, 202)
                    self.assertEqual(answer.header('X-By'), 'cli')
                connections = self.run_line('connections', 'list')
                self.assertIn('INCOMING', connections)
                name = connections.splitlines()[1].split()[0]
                self.run_line('connections', 'close', name)
                self.assertTrue(peer.wait_until_closed())
            text = process.stdout.read()
        self.assertEqual(process.returncode, 0)
        self.assertIn('MESSAGE sip:alice@example.com SIP/2.0', text)
        self.assertIn('hello \\x1b[31m', text)

    def test_respond_answers_what_subscribe_printed(self):
        self.create_edge()
        with Application(self.server, 'alice', status=None) as alice, SipPeer(
                self.server.sip_address()) as peer:
            peer.send(request())
            request_id = alice.wait_for_requests()[0].request_id
            self.run_line('respond', request_id, '--status', '486', '--reason', 'Not now')
            self.assertEqual(peer.read().start_line, 'SIP/2.0 486 Not now')
            self.assertIn('reason=REQUEST_ALREADY_ANSWERED',
                          self.run_line('respond', request_id, '--status', '200', status=1))

    def test_send_shows_the_answer_and_the_failure(self):
        self.create_edge()
        host, port = self.server.sip_address()
        with Application(self.server, 'alice', status=200):
            text = self.run_line('send', 'alice', 'MESSAGE', 'sip:alice@example.com', '--to',
                                 '%s:%d' % (host, port), '--transport', 'tcp', '--body', 'hi')
        self.assertIn('sent to %s:%d' % (host, port), text)
        self.assertIn('SIP/2.0 200 OK', text)
        failure = self.run_line('send', 'alice', 'OPTIONS', 'sip:x@example.com', '--to',
                                '127.0.0.1:1', status=1)
        self.assertIn('cause=CONNECT_REFUSED, written=NOTHING', failure)

    def test_errors_are_one_line_and_usage_errors_are_told_apart(self):
        error = self.run_line('endpoints', 'get', 'nobody', status=1)
        self.assertRegex(error, r'^error: NOT_FOUND: .*"endpoints/nobody".* '
                         r'\[reason=RESOURCE_NOT_FOUND.*\]\n$')
        for words in (['endpoints'], ['nonsense'], ['send', 'alice'], ['managers', 'create', 'x'],
                      ['managers', 'create', 'x', '--kind', 'SERVER_TCP', '--set', 'nonsense'],
                      ['respond', 'x', '--status', '99']):
            self.assertRegex(self.run_line(*words, status=2), r'^error: .*\n$')

    def test_server_tells_version_and_counts(self):
        text = self.run_line('server')
        self.assertIn('SERVING', text)
        self.assertIn(self.server.grpc_address, text)

    def test_unreachable_server_is_named(self):
        self.environment['SIPCM_SERVER'] = '127.0.0.1:1'
        self.assertIn('cannot reach the server at "127.0.0.1:1"', self.run_line('server', status=1))


if __name__ == '__main__':
    unittest.main()
