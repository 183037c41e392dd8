"""An application on one Attach stream with one subscription, which answers on that stream."""

import queue
import threading

import grpc

from proto.sipcm.v1 import attach_pb2, sip_pb2, subscription_pb2
from tests.integration.support.waiting import wait_for


class AttachedApplication:
    """Subscribed when constructed; hears the result of each of its answers."""

    def __init__(self, server, endpoint, **subscribe):
        self._frames = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._deliveries = []
        self._results = []
        self._ended = []  # why the subscription, or the stream, is over
        self._frames.put(attach_pb2.ApplicationFrame(open=attach_pb2.Open(
            subscriptions=[attach_pb2.AttachedSubscription(
                subscription_id=1, subscribe=subscription_pb2.SubscribeRequest(
                    endpoint='endpoints/' + endpoint, **subscribe))],
            respond_results=attach_pb2.Open.ALL)))
        self._stream = server.messaging.Attach(iter(self._frames.get, None))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        wait_for(lambda: self.deliveries('started') or self._ended, 'the subscription')
        assert not self._ended, self._ended

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.leave()

    @property
    def started(self):
        return self.deliveries('started')[0]

    def leave(self):
        """Its stream breaks."""
        self._stream.cancel()
        self._frames.put(None)
        self._thread.join()

    def _run(self):
        try:
            for frame in self._stream:
                with self._lock:
                    self._deliveries += frame.deliveries
                    self._results += frame.results
                    self._ended += frame.ended
        except grpc.RpcError as error:
            self._ended.append(error)

    def deliveries(self, kind):
        """Those of that kind: "request", "gap", ..."""
        with self._lock:
            return [getattr(delivery, kind) for delivery in self._deliveries
                    if delivery.WhichOneof('delivery') == kind]

    def wait_for_requests(self, count=1):
        """The requests, once there are so many."""
        wait_for(lambda: len(self.deliveries('request')) >= count, '%d requests' % count)
        return self.deliveries('request')

    def answer(self, request_id, status=200):
        """The result that the stream tells."""
        with self._lock:
            before = len(self._results)
        self._frames.put(attach_pb2.ApplicationFrame(responses=[subscription_pb2.RespondRequest(
            request_id=request_id, response=sip_pb2.SipResponse(status_code=status))]))

        def result():
            with self._lock:
                return self._results[before:]

        [told] = wait_for(result, 'the result of the answer')
        return told
