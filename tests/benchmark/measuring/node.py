"""The application in JavaScript, with gRPC from npm in the user's cache."""

import os
import shutil
import subprocess

_PACKAGES = ('@grpc/grpc-js@1', '@grpc/proto-loader@0.7')
_INSTALL_SECONDS = 120
_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))
_SCRIPT = os.path.join(_ROOT, 'tests', 'benchmark', 'applications', 'node_application.js')


def modules():
    """The folder of the packages, which are installed when they are not there; None: they cannot
    be, as npm is missing or does not reach its registry."""
    cache = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    folder = os.path.join(cache, 'sipcm-node-application')
    found = os.path.join(folder, 'node_modules')

    def complete():
        return all(os.path.isdir(os.path.join(found, package.rsplit('@', maxsplit=1)[0]))
                   for package in _PACKAGES)

    if shutil.which('node') is None:
        return None
    if not complete() and shutil.which('npm'):
        os.makedirs(folder, exist_ok=True)
        try:
            subprocess.run(['npm', 'install', '--prefix', folder, '--no-audit', '--no-fund',
                            '--silent', *_PACKAGES], check=False, timeout=_INSTALL_SECONDS,
                           stdout=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return None
    return found if complete() else None


def command(folder):
    return ['env', 'NODE_PATH=' + folder, 'node', _SCRIPT, '--protos=' + _ROOT]
