"""Real sipp against the real server and the example application, over TCP, TLS and mutual TLS.

The scenarios and the shell functions are those of deploy/quickstart.
"""

import subprocess
import tempfile
import unittest

from tests.integration.support.authority import Authority
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager
from tests.integration.support.waiting import wait_for

APPLICATION = 'clients/python/application'
SHELL = ('set -u; source deploy/lib/processes.sh; source deploy/lib/requests.sh; '
         'trap sipcm_stop_all EXIT; "$@"')


class SippTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.authority = cls.enterClassContext(Authority('ca'))
        own = cls.authority.issue('server', 'DNS:localhost,IP:127.0.0.1')
        cls.authority.issue('peer', 'DNS:sipp.example.com')
        cls.authority.issue('other', 'DNS:sipp.example.org')
        secure = {'kind': 'SERVER_TLS', 'certificate': 'certificates/server'}
        cls.server = cls.enterClassContext(ServerProcess({
            'certificates': [{'name': 'certificates/server', 'certificate_file': own + '.pem',
                              'private_key_file': own + '.key'}],
            'trust_bundles': [{'name': 'trustBundles/ca',
                               'certificates_file': cls.authority.certificate}],
            'connection_managers': [
                tcp_manager('tcp'), tcp_manager('tls', **secure),
                tcp_manager('mutual-tls', **secure, trust_bundle='trustBundles/ca',
                            mutual_tls='REQUIRE', allowed_domains=[{'pattern': '.example.com'}])],
            'endpoints': [endpoint('demo-' + name, 'sip:demo@example.com', name)
                          for name in ('tcp', 'tls', 'mutual-tls')]}))
        log = cls.enterClassContext(tempfile.NamedTemporaryFile())
        application = subprocess.Popen(
            [APPLICATION, '--server', cls.server.grpc_address, '--endpoint', 'demo-tcp',
             '--endpoint', 'demo-tls', '--endpoint', 'demo-mutual-tls'], stdout=log)
        cls.addClassCleanup(application.wait)
        cls.addClassCleanup(application.kill)

        def serves():
            with open(log.name, encoding='utf-8') as file:
                return file.read().count('serving') == 3

        wait_for(serves, 'application')

    def shell(self, *words):
        """(whether it succeeded, the messages that passed)."""
        with tempfile.TemporaryDirectory() as folder:
            words = [word.replace('FOLDER', folder) for word in words]
            done = subprocess.run(['bash', '-c', SHELL, 'bash', *words], timeout=120, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            try:
                with open(folder + '/messages', encoding='utf-8') as file:
                    return done.returncode == 0, done.stdout + file.read()
            except FileNotFoundError:
                return done.returncode == 0, done.stdout

    def address(self, manager):
        return '%s:%d' % self.server.sip_address(manager)

    def over_tls(self, manager, scenario, certificate):
        folder = self.authority.certificate.rsplit('/', 1)[0]
        return self.shell('sipcm_tls_request', 'FOLDER', 'deploy/scenarios/%s.xml' % scenario,
                          'demo', self.address(manager), folder, certificate)

    def assert_answered(self, result):
        answered, messages = result
        self.assertTrue(answered, messages)
        self.assertIn('SIP/2.0 200 OK', messages)

    def test_tcp(self):
        for scenario in ('options', 'message'):
            self.assert_answered(
                self.shell('sipcm_request', 'FOLDER', 'deploy/scenarios/%s.xml' % scenario,
                           'demo', 'TCP', self.address('tcp')))

    def test_tls(self):
        for scenario in ('options', 'message'):
            self.assert_answered(self.over_tls('tls', scenario, ''))

    def test_mutual_tls(self):
        for scenario in ('options', 'message'):
            self.assert_answered(self.over_tls('mutual-tls', scenario, 'peer'))

    def test_mutual_tls_without_certificate_is_refused(self):
        answered, messages = self.over_tls('mutual-tls', 'options', '')
        self.assertFalse(answered, messages)

    def test_mutual_tls_of_another_domain_is_refused(self):
        answered, messages = self.over_tls('mutual-tls', 'options', 'other')
        self.assertFalse(answered, messages)

    def test_a_thousand_requests_over_many_connections(self):
        host_and_port = self.address('tcp')
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                ['sipp', host_and_port, '-sf', 'deploy/scenarios/options.xml', '-s', 'demo',
                 '-key', 'via', 'TCP', '-t', 'tn', '-max_socket', '64', '-i', '127.0.0.1', '-m',
                 '1000', '-r', '500', '-timeout', '60s', '-timeout_error', '-nostdin',
                 '-trace_err', '-error_file', folder + '/errors'],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-2000:])


if __name__ == '__main__':
    unittest.main()
