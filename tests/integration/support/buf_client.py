"""The same as ReflectionClient, with `buf curl`: another program that speaks gRPC."""

import json
import subprocess


class BufClient:

    def __init__(self, buf, address):
        self._buf = buf
        self._address = address

    def _command(self, *arguments):
        return [self._buf, 'curl', '--protocol', 'grpc', '--http2-prior-knowledge', *arguments]

    def _url(self, path=''):
        return 'http://%s/%s' % (self._address, path)

    def services(self):
        done = subprocess.run(self._command('--list-services', self._url()), timeout=60, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        assert done.returncode == 0, done.stderr
        return sorted(done.stdout.split())

    def call(self, path, body):
        done = subprocess.run(self._command('-d', json.dumps(body), self._url(path)), timeout=60,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def stream(self, path, body):
        process = subprocess.Popen(self._command('-d', json.dumps(body), self._url(path)),
                                   text=True, stdout=subprocess.PIPE)
        decoder = json.JSONDecoder()
        text = ''
        try:
            for line in process.stdout:
                text += line
                try:
                    answer, end = decoder.raw_decode(text.lstrip())
                except json.JSONDecodeError:
                    continue
                text = text.lstrip()[end:]
                yield answer
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
