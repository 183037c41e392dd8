"""A certification authority for tests: openssl in a temporary folder."""

import os
import subprocess
import tempfile


def _openssl(*arguments, text=''):
    subprocess.run(('openssl', *arguments), input=text, text=True, check=True,
                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _output(*arguments):
    return subprocess.run(('openssl', *arguments), text=True, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE).stdout


class Authority:
    """Issues P-256 certificates. Paths of what it makes are answered without their endings."""

    def __init__(self, name='authority'):
        self._folder = tempfile.TemporaryDirectory()
        self.name = name
        self._base = self._path(name)
        _openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc',
                 '-days', '30', '-subj', '/CN=' + name, '-keyout', self._base + '.key', '-out',
                 self._base + '.pem', '-addext', 'basicConstraints=critical,CA:TRUE', '-addext',
                 'keyUsage=critical,keyCertSign,cRLSign')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    @property
    def certificate(self):
        return self._base + '.pem'

    def _path(self, name):
        return os.path.join(self._folder.name, name)

    def issue(self, name, alternatives, usage='clientAuth,serverAuth', lifetime=None):
        """`alternatives`: "DNS:a.example.com,IP:127.0.0.1"; `usage`: empty for no extension;
        `lifetime`: ("20200101000000Z", "20200201000000Z"), by default from now for 30 days.

        Answers the path of NAME without ".pem" and ".key".
        """
        base = self._path(name)
        extensions = 'basicConstraints=critical,CA:FALSE\n' + (
            'subjectAltName=%s\n' % alternatives if alternatives else '') + (
                'extendedKeyUsage=%s\n' % usage if usage else '')
        with open(base + '.ext', 'w', encoding='utf-8') as file:
            file.write('[leaf]\n' + extensions)
        _openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc',
                 '-subj', '/CN=' + name, '-keyout', base + '.key', '-out', base + '.csr')
        if lifetime is None:
            _openssl('x509', '-req', '-in', base + '.csr', '-CA', self.certificate, '-CAkey',
                     self._base + '.key', '-days', '30', '-out', base + '.pem', '-extfile',
                     base + '.ext', '-extensions', 'leaf')
        else:
            self._issue_for(base, lifetime)
        return base

    def crl(self, revoked, strangers=0, lifetime=None):
        """PEM of a list of these certificates (paths without ending) and of so many that nobody has,
        good for 30 days or for `lifetime`, as of issue()."""
        index = self._path('crl_index')
        with open(index, 'w', encoding='utf-8') as file:
            for base in revoked:
                serial = _output('x509', '-noout', '-serial', '-in', base + '.pem').split('=')[1]
                file.write('R\t450101000000Z\t200101000000Z\t%s\tunknown\t/CN=x\n' %
                           serial.strip())
            for number in range(strangers):
                file.write('R\t450101000000Z\t200101000000Z\t%040X\tunknown\t/CN=x\n' %
                           (1 << 150 | number))
        config = self._path('crl.config')
        with open(config, 'w', encoding='utf-8') as file:
            file.write('[ca]\ndefault_ca=x\n[x]\ndatabase=%s\ndefault_md=sha256\n'
                       'default_crl_days=30\n' % index)
        times = () if lifetime is None else ('-crl_lastupdate', lifetime[0], '-crl_nextupdate',
                                             lifetime[1])
        return _output('ca', '-gencrl', '-config', config, '-cert', self.certificate, '-keyfile',
                       self._base + '.key', *times)

    def _issue_for(self, base, lifetime):
        """`openssl x509` of OpenSSL 3.0 takes no dates; `openssl ca` does."""
        for name in ('index.txt', 'index.txt.attr'):
            open(self._path(name), 'w', encoding='utf-8').close()
        with open(self._path('serial'), 'w', encoding='utf-8') as file:
            file.write('1000\n')
        config = base + '.ca'
        with open(config, 'w', encoding='utf-8') as file:
            file.write('[ca]\ndefault_ca=x\n[x]\ndatabase=%s\nserial=%s\nnew_certs_dir=%s\n'
                       'default_md=sha256\npolicy=y\n[y]\ncommonName=supplied\n' %
                       (self._path('index.txt'), self._path('serial'), self._folder.name))
        _openssl('ca', '-batch', '-config', config, '-in', base + '.csr', '-out', base + '.pem',
                 '-cert', self.certificate, '-keyfile', self._base + '.key', '-startdate',
                 lifetime[0], '-enddate', lifetime[1], '-notext', '-extfile', base + '.ext',
                 '-extensions', 'leaf')
