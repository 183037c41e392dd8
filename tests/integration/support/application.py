"""An application that subscribes by Messaging.Subscribe and answers in a thread."""

import threading

import grpc

from proto.sipcm.v1 import sip_pb2, subscription_pb2
from tests.integration.support.waiting import wait_for


class Application:
    """Subscribed when constructed. `status`: what every request is answered with; None: not.
    `replies`: a function that says it for each delivery, as arguments of answer(), one after the
    other. `pause`: seconds after each delivery in which it does not read; gRPC reads ahead no
    further than its flow control allows."""

    def __init__(self, server, endpoint='', manager='', status=200, replies=None, pause=0,
                 **subscribe):
        self._messaging = server.messaging
        self._replies = replies or (lambda _: () if status is None else ({'status': status},))
        self._pause = pause
        self._leaving = threading.Event()
        self._lock = threading.Lock()
        self._requests = []
        self._notices = []
        self.outcome = None  # The error that ended the stream.
        source = {'endpoint': 'endpoints/' + endpoint} if endpoint else {
            'connection_manager': 'connectionManagers/' + manager}
        self._stream = server.messaging.Subscribe(
            subscription_pb2.SubscribeRequest(**source, **subscribe))
        self.started = next(self._stream).started
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.leave()

    def leave(self):
        """Ends the subscription, as an application that dies does."""
        self._leaving.set()
        self._stream.cancel()
        self._thread.join()

    def _run(self):
        try:
            for delivery in self._stream:
                self._take(delivery)
                if self._pause:
                    self._leaving.wait(self._pause)
        except grpc.RpcError as error:
            self.outcome = error

    def _take(self, delivery):
        with self._lock:
            if not delivery.HasField('request'):
                self._notices.append(delivery)
                return
            self._requests.append(delivery.request)
        if delivery.request.request.method != 'ACK':
            self._try_to_answer(delivery.request)

    def _try_to_answer(self, request):
        """A peer that is gone, or has cancelled, is no reason to stop."""
        try:
            for reply in self._replies(request):
                self.answer(request, **reply)
        except grpc.RpcError as error:
            if error.code() not in (grpc.StatusCode.UNAVAILABLE,
                                    grpc.StatusCode.FAILED_PRECONDITION,
                                    grpc.StatusCode.NOT_FOUND):
                raise

    def answer(self, request, status=200, headers=(), body=b''):
        """`headers`: (name, value) pairs."""
        return self._messaging.Respond(
            subscription_pb2.RespondRequest(
                request_id=request.request_id,
                response=sip_pb2.SipResponse(
                    status_code=status, body=body,
                    headers=[sip_pb2.SipHeader(name=name, value=value)
                             for name, value in headers])), timeout=10)

    def requests(self):
        with self._lock:
            return list(self._requests)

    def notices(self):
        with self._lock:
            return list(self._notices)

    def wait_for_requests(self, count=1):
        """The requests, once there are so many."""
        wait_for(lambda: len(self.requests()) >= count, '%d requests' % count)
        return self.requests()

    def wait_for_notices(self, count=1):
        """The notices, once there are so many."""
        wait_for(lambda: len(self.notices()) >= count, '%d notices' % count)
        return self.notices()

    def wait_until_ended(self):
        self._thread.join(timeout=30)
        assert not self._thread.is_alive(), 'the subscription goes on'
        return self.outcome
