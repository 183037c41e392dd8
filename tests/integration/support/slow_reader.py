"""An application that reads one delivery a second from its stream, and answers it."""

import threading

import grpc

from proto.sipcm.v1 import sip_pb2, subscription_pb2

INTERVAL_SECONDS = 1


class SlowReader:
    """Subscribed when constructed. gRPC reads ahead no further than its flow control allows: what is
    not read stays with the server."""

    def __init__(self, server, endpoint, **subscribe):
        self._messaging = server.messaging
        self._ending = threading.Event()
        self.read_count = 0
        self._stream = server.messaging.Subscribe(subscription_pb2.SubscribeRequest(
            endpoint='endpoints/' + endpoint, **subscribe))
        assert next(self._stream).HasField('started')
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.leave()

    def leave(self):
        self._ending.set()
        self._stream.cancel()
        self._thread.join()

    def _run(self):
        try:
            while not self._ending.wait(INTERVAL_SECONDS):
                delivery = next(self._stream)
                self.read_count += 1
                self._messaging.Respond(subscription_pb2.RespondRequest(
                    request_id=delivery.request.request_id,
                    response=sip_pb2.SipResponse(status_code=200)), timeout=10)
        except grpc.RpcError:
            pass  # The test is over, or the request is.
