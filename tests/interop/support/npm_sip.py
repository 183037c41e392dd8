"""The stack "sip" of npm as a process that is told what to do by lines of JSON."""

import json
import os
import subprocess
import threading

from tests.interop.support.product import Product, accepts, free_port

PEER = 'tests/interop/npm_sip/peer.js'
MODULES = 'SIPCM_NPM_MODULES'  # The folder node_modules that has it; tests/run installs it.


def version():
    with open(os.path.join(os.environ[MODULES], 'sip/package.json'), encoding='utf-8') as file:
        return json.load(file)['version']


class NpmSip(Product):
    """`certificate`: path without ".pem" and ".key"."""

    def __init__(self, certificate, authority):
        super().__init__()
        self.port = free_port()
        self._lock = threading.Lock()
        self._told = []
        self.start(['node', PEER, os.environ[MODULES], json.dumps({
            'port': self.port, 'certificate': certificate + '.pem', 'key': certificate + '.key',
            'authority': authority})], subprocess.PIPE, subprocess.PIPE)
        threading.Thread(target=self._read, daemon=True).start()
        self.wait_until(lambda: accepts(self.port), 'node')

    def __exit__(self, *details):
        super().__exit__(*details)
        self.process.stdin.close()

    def _read(self):
        with self.process.stdout:
            for line in self.process.stdout:
                with self._lock:
                    self._told.append(json.loads(line))

    def do(self, what, **more):
        self.process.stdin.write(json.dumps({'do': what, **more}).encode() + b'\n')
        self.process.stdin.flush()

    def told(self):
        with self._lock:
            return list(self._told)

    def wait_until_told(self, what):
        try:
            self.wait_until(lambda: what in self.told(), what)
        except AssertionError as error:
            raise AssertionError('%s; it told %s' % (error, self.told())) from None
