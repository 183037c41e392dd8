"""baresip: a telephone without audio hardware, told what to do over its control port."""

import json
import re
import socket
import threading

from tests.integration.support.waiting import wait_for
from tests.interop.support.product import Product, accepts, first_line, free_port

_CONFIGURATION = '''
poll_method epoll
sip_listen 127.0.0.1:%(sip_port)d
net_interface 127.0.0.1
call_local_timeout 30
call_max_calls 4
audio_player aubridge,heard
audio_source aubridge,spoken
audio_alert aubridge,alert
audio_path /usr/share/baresip
ausrc_format s16
auplay_format s16
auenc_format s16
audec_format s16
rtp_tos 0
jitter_buffer_delay 5-10
module_path /usr/lib/baresip/modules
module g711.so
module aubridge.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:%(control_port)d
'''


def version():
    return re.search(r'baresip v?(\S+)', first_line('baresip', '-v')).group(1)


class Baresip(Product):
    """Registers `user` of example.com with the proxy, before it is constructed, and answers whoever
    calls."""

    def __init__(self, user, password, proxy):
        super().__init__()
        self._events = []
        self._lock = threading.Lock()
        control_port = free_port()
        self.write('config', _CONFIGURATION % {
            'sip_port': free_port(), 'control_port': control_port})
        self.write('accounts', '<sip:%s@example.com;transport=tcp>;auth_user=%s;auth_pass=%s;'
                   'outbound="%s";regint=600;answermode=auto;audio_codecs=pcmu\n' %
                   (user, user, password, proxy))
        self.start(['baresip', '-f', self.path('')])
        self.wait_until(lambda: accepts(control_port), 'control port of baresip')
        self._control = socket.create_connection(('127.0.0.1', control_port))
        threading.Thread(target=self._read, daemon=True).start()
        # It may have told the event before we listened.
        self.wait_until(lambda: '200 OK' in self.log(), 'registration of baresip')

    def __exit__(self, *details):
        self._control.shutdown(socket.SHUT_RDWR)
        super().__exit__(*details)
        self._control.close()

    def _read(self):
        """Netstrings of JSON: "12:{...},"."""
        received = b''
        while True:
            try:
                data = self._control.recv(65536)
            except OSError:
                return
            if not data:
                return
            received += data
            while True:
                match = re.match(rb'(\d+):', received)
                end = match.end() + int(match.group(1)) + 1 if match else 0
                if not match or len(received) < end:
                    break
                with self._lock:
                    self._events.append(json.loads(received[match.end():end - 1]))
                received = received[end:]

    def command(self, name, parameters=''):
        text = json.dumps({'command': name, 'params': parameters}).encode()
        self._control.sendall(b'%d:%s,' % (len(text), text))

    def events(self, kind):
        """Those of a type: "CALL_ESTABLISHED", "CALL_CLOSED", ..."""
        with self._lock:
            return [event for event in self._events if event.get('type') == kind]

    def wait_for(self, kind, count=1):
        """The latest of that type, once there are so many."""
        wait_for(lambda: len(self.events(kind)) >= count, '%s of baresip; it says: %s' %
                 (kind, self.log()[-2000:]))
        return self.events(kind)[-1]
