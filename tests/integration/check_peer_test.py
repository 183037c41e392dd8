"""`sipcm check-peer`: with a server and without, thousands of peers by every policy."""

import datetime
import itertools
import json
import os
import subprocess
import tempfile
import time
import unittest

from proto.sipcm.v1 import (allowed_domain_pb2, certificates_pb2, connection_manager_pb2,
                            connection_managers_pb2, limits_pb2, peer_pb2)
from tests.integration.support.authority import Authority
from tests.integration.support.bystander_case import BystanderCase
from tests.integration.support.server_process import ServerProcess, tcp_manager

BINARY = 'clients/cli/sipcm'
SHAPES = 'tests/pki/make_peer_shapes'
LISTS = (('.contoso.com',), ('a.contoso.com', 'contoso.com', '192.0.2.7', '2001:db8::7'),
         ('x.org', 'b.fabrikam.org'), ())
AT = '2026-06-01T12:00:00Z'  # Words of a verdict tell the time.
USAGES = ((), ('clientAuth',), ('clientAuth', 'sipDomain'))


def run(*words, status=0, text=None):
    done = subprocess.run([BINARY, *words], input=text, text=True, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode == status, (done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done.stderr if status == 2 else done.stdout or done.stderr


class Policy:
    """The same policy as options of the command and as settings of a manager."""

    def __init__(self, domains, name_check, usages, match, strict, length):
        self.options = ['--name-check', name_check, '--match', match, '--max-chain-length',
                        str(length)]
        for domain in domains:
            self.options += ['--allowed-domain', domain]
        for usage in usages:
            self.options += ['--eku', usage]
        if not domains:
            self.options.append('--allow-any-domain')
        if strict:
            self.options.append('--strict')
        self.settings = connection_manager_pb2.ConnectionManager(
            name='connectionManagers/edge', allow_any_domain=not domains, name_check=name_check,
            allowed_domains=[{'pattern': domain} for domain in domains],
            extended_key_usage=allowed_domain_pb2.ExtendedKeyUsagePolicy(
                required=usages, match=match, strict=strict),
            limits=limits_pb2.Limits(max_chain_length=length))

    @staticmethod
    def all():
        return [Policy(*parts) for parts in itertools.product(
            LISTS, ('SUBJECT_AND_ALTERNATIVE', 'RFC5922'), USAGES, ('ALL', 'ANY'), (False, True),
            (3, 10))]


class CheckPeerTest(BystanderCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        shapes = subprocess.run([SHAPES, cls.folder], check=True, stdout=subprocess.PIPE,
                                text=True).stdout.split()
        cls.files = [os.path.join(cls.folder, 'peers', name + '.pem') for name in shapes]
        cls.bundle = os.path.join(cls.folder, 'root.pem')
        cls.crls = os.path.join(cls.folder, 'crls.pem')

    def peer(self, name):
        return os.path.join(self.folder, 'peers', name + '.pem')

    def offline(self, *words, status=0, text=None):
        return run('check-peer', '--offline', '--trust-bundle', self.bundle, *words,
                   status=status, text=text)

    def test_thousands_of_cases_without_a_server_are_what_the_server_says(self):
        own = self.enterContext(Authority()).issue('own', 'DNS:localhost')
        server = self.enterContext(ServerProcess(self.beside({
            'certificates': [{'name': 'certificates/edge', 'certificate_file': own + '.pem',
                              'private_key_file': own + '.key'}],
            'trust_bundles': [{'name': 'trustBundles/root', 'certificates_file': self.bundle,
                               'crls_file': self.crls, 'crl_check': 'LEAF'}],
            'connection_managers': [
                tcp_manager('edge', kind='SERVER_TLS', certificate='certificates/edge',
                            trust_bundle='trustBundles/root', mutual_tls='REQUIRE')]})))
        self.begin_bystander(server)
        cases = compared = 0
        seconds = 0.0
        rules = set()
        for number, policy in enumerate(Policy.all()):
            begin = time.monotonic()
            lines = self.offline('--crl', self.crls, '--crl-check', 'LEAF', '--json',
                                 '--at', AT, *policy.options, *self.files, status=1).splitlines()
            seconds += time.monotonic() - begin
            cases += len(lines)
            answers = {line['file']: line['verdict'] for line in map(json.loads, lines)}
            self.assertEqual(sorted(answers), sorted(self.files))
            rules.update(answer.get('rule') for answer in answers.values())
            if number % 8 != 5:
                continue
            update = connection_managers_pb2.UpdateConnectionManagerRequest(
                connection_manager=policy.settings)
            update.update_mask.paths.extend([
                'allowed_domains', 'allow_any_domain', 'name_check', 'extended_key_usage',
                'limits.max_chain_length'])
            server.managers.UpdateConnectionManager(update, timeout=10)
            for path in self.files:
                compared += 1
                self.assertEqual(self.ask(server, path), self.as_text(answers[path]),
                                 (path, policy.options))
        print('%d cases offline, %.2f ms each with the start of the process; %d compared with a '
              'server; rules seen: %s' % (cases, 1000 * seconds / cases, compared,
                                          ', '.join(sorted(filter(None, rules)))))
        self.assertGreater(cases, 5000)
        self.assertLess(seconds / cases, 0.05)
        self.assertGreater(compared, 500)
        for rule in ('UNTRUSTED_ISSUER', 'CERTIFICATE_EXPIRED', 'CERTIFICATE_NOT_YET_VALID',
                     'CERTIFICATE_REVOKED', 'CRL_UNUSABLE', 'CHAIN_INVALID', 'CHAIN_TOO_LONG',
                     'EXTENDED_KEY_USAGE', 'NO_USABLE_NAME', 'NOT_IN_ALLOWED_DOMAINS',
                     'WEAK_KEY_OR_SIGNATURE'):
            self.assertIn(rule, rules)

    @staticmethod
    def ask(server, path):
        with open(path, encoding='utf-8') as file:
            question = connection_managers_pb2.CheckPeerRequest(
                name='connectionManagers/edge', certificate_pem=file.read())
        question.at_time.FromJsonString(AT)
        verdict = server.managers.CheckPeer(question, timeout=10).verdict
        # The name of the bundle is the one thing that an offline judge does not know.
        return (peer_pb2.PeerVerdict.Decision.Name(verdict.decision),
                peer_pb2.PeerVerdict.Rule.Name(verdict.rule), verdict.matched_allowed_domain,
                verdict.matched_name, list(verdict.tested_names), list(verdict.ignored_names),
                verdict.explanation.replace('trustBundles/root', 'trustBundles/offline'))

    @staticmethod
    def as_text(answer):
        return (answer['decision'], answer.get('rule', 'RULE_UNSPECIFIED'),
                answer.get('matched_allowed_domain', ''), answer.get('matched_name', ''),
                answer.get('tested_names', []), answer.get('ignored_names', []),
                answer['explanation'])

    def test_the_only_manager_of_a_server_needs_no_name(self):
        server = self.enterContext(ServerProcess())
        command = ('--server', server.grpc_address, 'check-peer', self.peer('host'))
        self.assertIn('no connection manager', run(*command, status=1))
        server.certificates.CreateTrustBundle(certificates_pb2.CreateTrustBundleRequest(
            trust_bundle_id='root', trust_bundle={'certificates_file': self.bundle}), timeout=10)
        for name in ('edge', 'other'):
            server.managers.CreateConnectionManager(
                connection_managers_pb2.CreateConnectionManagerRequest(
                    connection_manager_id=name, connection_manager={
                        'kind': 'CLIENT', 'trust_bundle': 'trustBundles/root'}), timeout=10)
            if name == 'edge':
                self.assertIn('ALLOWED', run(*command, '--outgoing', 'a.contoso.com'))
        self.assertIn('--manager', run(*command, status=2))

    def test_one_file_shows_the_whole_verdict_and_the_status_tells_it(self):
        allowed = self.offline('--allowed-domain', '.contoso.com', self.peer('host'))
        self.assertIn('ALLOWED', allowed)
        self.assertIn('.contoso.com', allowed)
        refused = self.offline('--allowed-domain', 'x.org', self.peer('host'), status=1)
        self.assertIn('NOT_IN_ALLOWED_DOMAINS', refused)
        verdict = json.loads(self.offline('--json', '--allowed-domain', 'x.org', self.peer('host'),
                                          status=1))
        self.assertEqual(verdict['decision'], 'DENIED')

    def test_many_files_are_a_table_and_one_refusal_makes_the_status(self):
        lines = self.offline('--allowed-domain', '.contoso.com', self.peer('host'),
                             self.peer('uri-sip')).splitlines()
        self.assertEqual(len(lines), 3)
        self.assertTrue(lines[0].startswith('FILE'))
        self.assertIn('a.contoso.com', lines[2])
        lines = self.offline('--allowed-domain', '.contoso.com', self.peer('host'),
                             self.peer('nul-in-cn'), status=1).splitlines()
        self.assertIn('NO_USABLE_NAME', lines[2])

    def test_standard_input_is_a_file_too(self):
        with open(self.peer('host'), encoding='utf-8') as file:
            self.offline('--allowed-domain', '.contoso.com', '-', text=file.read())
        self.offline('--allowed-domain', '.contoso.com', '-', text='nonsense', status=1)

    def test_the_other_direction_and_another_time(self):
        self.offline('--outgoing', 'a.contoso.com', self.peer('host'))
        self.offline('--outgoing', 'b.contoso.com', self.peer('host'), status=1)
        self.offline('--outgoing', '192.0.2.7', self.peer('ip-v4'))
        self.offline('--allowed-domain', '.contoso.com', '--at', '2020-06-01T00:00:00Z',
                     self.peer('expired'))
        self.offline('--allowed-domain', '.contoso.com', '--at', '2050-01-01T00:00:00Z',
                     self.peer('host'), status=1)

    def test_a_configuration_file_of_the_server_is_a_policy(self):
        path = os.path.join(self.folder, 'config.json')
        end = (datetime.datetime.now(datetime.timezone.utc) +
               datetime.timedelta(hours=1)).strftime('%Y-%m-%dT%H:%M:%SZ')
        managers = [tcp_manager('edge', kind='SERVER_TLS', certificate='certificates/none',
                                trust_bundle='trustBundles/root', mutual_tls='REQUIRE',
                                allowed_domains=[{'pattern': 'x.org'},
                                                 {'pattern': '.contoso.com', 'expire_time': end}])]
        config = {'trust_bundles': [{'name': 'trustBundles/root',
                                     'certificates_file': 'root.pem'}],
                  'connection_managers': managers}

        def judge(*words, status=0):
            with open(path, 'w', encoding='utf-8') as file:
                json.dump(config, file)
            return run('check-peer', '--offline', '--config', path, *words, self.peer('host'),
                       status=status)

        self.assertIn('.contoso.com', judge())
        self.assertIn('.contoso.com', judge('--manager', 'edge'))
        judge('--at', '2040-01-01T00:00:00Z', status=1)
        self.assertIn('connectionManagers/other', judge('--manager', 'other', status=2))
        managers.append(tcp_manager('plain'))
        self.assertIn('--manager', judge(status=2))
        managers[0]['allowed_domains'][0]['pattern'] = '*.org'
        self.assertIn('allowed_domains[0].pattern', judge('--manager', 'edge', status=2))

    def test_usage_that_makes_no_sense_is_refused_by_name(self):
        peer = self.peer('host')
        self.assertIn('--trust-bundle', run('check-peer', '--offline', peer, status=2))
        self.assertIn('--offline', run('check-peer', '--manager', 'edge', '--strict', peer,
                                       status=2))
        self.assertIn('--at', self.offline('--at', 'tomorrow', peer, status=2))
        self.assertIn('no_such_file', run('check-peer', '--offline', '--trust-bundle',
                                          'no_such_file', peer, status=2))
        self.assertIn('extended_key_usage.required[0]',
                      self.offline('--eku', 'telepathy', peer, status=2))
        self.assertIn('pattern', self.offline('--allowed-domain', '*.org', peer, status=2))


if __name__ == '__main__':
    unittest.main()
