"""One that watches the server's events."""

import threading

import grpc

from proto.sipcm.v1 import event_pb2, events_pb2, events_pb2_grpc
from tests.integration.support.waiting import wait_for

CHANGES_ONLY = events_pb2.WatchRequest.DELTAS_ONLY


def kind_of(event):
    return event_pb2.Event.Kind.Name(event.kind)


class Watcher:
    """Reads from when it is constructed until the end of `with`."""

    def __init__(self, server, names=(), kinds=(), start=0):
        self._call = events_pb2_grpc.EventsStub(server.channel).Watch(
            events_pb2.WatchRequest(names=names, kinds=kinds, start=start))
        self._lock = threading.Lock()
        self._events = []
        self.status = None  # of the call, once it is over
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.wait_for('SYNCED')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._call.cancel()
        self._thread.join()

    def _run(self):
        try:
            for event in self._call:
                with self._lock:
                    self._events.append(event)
        except grpc.RpcError as error:
            self.status = error

    def events(self, name=''):
        """All so far, or those about one object."""
        with self._lock:
            return [event for event in self._events if not name or event.name == name]

    def lines(self, name=''):
        """'CONNECTION_OPENED', ... in order."""
        return [kind_of(event) for event in self.events(name)]

    def wait_for(self, kind, name='', count=1):
        """The last of `count` such events."""
        def found():
            some = [event for event in self.events(name) if kind_of(event) == kind]
            return some[count - 1] if len(some) >= count else None
        return wait_for(found, '%d %s %s' % (count, kind, name))
