"""What a server process holds, to see that abuse leaves nothing behind."""

import os
import time

from tests.integration.support.waiting import wait_for

# What allocators and caches may keep beyond the 5 % of the rule: the processes of tests are small.
SLACK_BYTES = 6 << 20
BACK_SECONDS = 10


class Footprint:

    def __init__(self, server):
        self._server = server
        self._pid = server.process.pid
        self.connections = server.connection_count()  # First: the way to it is a descriptor too.
        self.descriptors = self.descriptor_count()
        self.resident = self.resident_bytes()

    def descriptor_count(self):
        return len(os.listdir('/proc/%d/fd' % self._pid))

    def resident_bytes(self):
        return self._status('VmRSS')

    def forget_peak(self):
        """Lets the peak of resident memory begin anew (proc(5), clear_refs)."""
        with open('/proc/%d/clear_refs' % self._pid, 'w', encoding='ascii') as file:
            file.write('5')

    def peak_bytes(self):
        return self._status('VmHWM')

    def _status(self, name):
        with open('/proc/%d/status' % self._pid, encoding='ascii') as file:
            for line in file:
                if line.startswith(name + ':'):
                    return int(line.split()[1]) << 10
        raise AssertionError('no %s' % name)

    def wait_until_back(self):
        """Within ten seconds descriptors and connections are as they were, resident memory within
        its bound."""
        end = time.monotonic() + BACK_SECONDS

        def wait(condition, what):
            wait_for(condition, what, end - time.monotonic())

        wait(lambda: self._server.connection_count() <= self.connections, 'connections as before')
        wait(lambda: self.descriptor_count() <= self.descriptors, 'descriptors as before')
        bound = self.resident * 1.05 + SLACK_BYTES
        wait(lambda: self.resident_bytes() <= bound,
             'resident memory under %.1f MiB, but %.1f' %
             (bound / (1 << 20), self.resident_bytes() / (1 << 20)))
        print('resident memory %.1f MiB, then %.1f' %
              (self.resident / (1 << 20), self.resident_bytes() / (1 << 20)))
