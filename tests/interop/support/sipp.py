"""sipp with one of our scenarios: over TCP, and through socat over TLS."""

import os
import re
import subprocess
import tempfile

from tests.interop.support.product import Product, first_line, free_port

_SHELL = ('set -u; source deploy/lib/processes.sh; source deploy/lib/requests.sh; '
          'trap sipcm_stop_all EXIT; "$@"')
_USER = 'alice'


def version():
    return re.search(r'v([0-9.]+)', first_line('sipp', '-v')).group(1)


def run_once(scenario, address, transport, credentials='', certificate=''):
    """Runs a scenario of a caller once; fails with what passed. `credentials`: folder with ca.pem
    and certificates; `certificate`: the one to show, for mutual TLS."""
    target = '%s:%d' % address
    with tempfile.TemporaryDirectory() as folder:
        words = ['sipcm_request', folder, scenario, _USER, 'TCP', target]
        if transport != 'TCP':
            words = ['sipcm_tls_request', folder, scenario, _USER, target, credentials, certificate]
        done = subprocess.run(['bash', '-c', _SHELL, 'bash', *words], timeout=60, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            texts = []
            for name in ('messages', 'errors', 'sipp.log'):
                try:
                    with open('%s/%s' % (folder, name), encoding='utf-8', errors='replace') as file:
                        texts.append(file.read())
                except FileNotFoundError:
                    pass
            raise AssertionError(done.stdout + '\n'.join(texts))


def run_many(scenario, address, count, rate):
    """(count of calls) that often, `rate` a second, all over one TCP connection."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ['sipp', '%s:%d' % address, '-sf', scenario, '-s', _USER, '-key', 'via', 'TCP', '-t',
             't1', '-i', '127.0.0.1', '-m', str(count), '-r', str(rate), '-l', str(count),
             '-timeout', '60s', '-timeout_error', '-recv_timeout', '30000', '-nostdin',
             '-trace_err', '-error_file', folder + '/errors'],
            env={**os.environ, 'TERM': 'dumb'}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
        if done.returncode != 0:
            with open(folder + '/errors', encoding='utf-8', errors='replace') as file:
                raise AssertionError(done.stdout[-2000:] + file.read()[-4000:])


class SippServer(Product):
    """A scenario of someone who is called, on a free port; ends after one call."""

    def __init__(self, scenario):
        super().__init__()
        self.port = free_port()
        self.start(['env', 'TERM=dumb', 'sipp', '-sf', scenario, '-key', 'via', 'TCP', '-t', 't1',
                    '-i', '127.0.0.1', '-p', str(self.port), '-m', '1', '-timeout', '30s',
                    '-timeout_error', '-nostdin', '-trace_msg', '-message_file',
                    self.path('messages'), '-trace_err', '-error_file', self.path('errors')])

    def messages(self):
        with open(self.path('messages'), encoding='utf-8', errors='replace') as file:
            return file.read()

    def wait_for_success(self):
        self.process.wait(timeout=40)
        assert self.process.returncode == 0, self.log()[-1000:] + self.messages()
