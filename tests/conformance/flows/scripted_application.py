"""The application of a flow, over gRPC, scripted by the test."""

from proto.sipcm.v1 import send_pb2, sip_pb2, types_pb2
from tests.integration.support.application import Application
from tests.integration.support.waiting import DEADLINE_SECONDS

NAME = 'Application'


def typed(headers, body):
    """What a body is, unless `headers` says so: a session description."""
    if not body or 'Content-Type' in dict(headers):
        return headers
    return [*headers, ('Content-Type', 'application/sdp')]


def headers_of(pairs):
    return [sip_pb2.SipHeader(name=name, value=value) for name, value in pairs]


class ScriptedApplication:
    """Subscribed to one endpoint; draws all that it gets and gives."""

    def __init__(self, server, ladder, endpoint):
        self._server = server
        self._ladder = ladder
        self._endpoint = endpoint
        self._application = Application(server, endpoint, status=None)
        self._requests = 0
        self._notices = 0
        self._sends = []  # a call that nobody holds any longer is cancelled by grpcio

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._application.leave()

    def break_off(self):
        """Loses its stream, as when it dies."""
        self._ladder.call(NAME, 'sipcm', 'its stream breaks')
        self._application.leave()

    def come_back(self):
        """Subscribes with the token of its former stream. What it is told first."""
        self._ladder.call(NAME, 'sipcm', 'Subscribe: resume_token')
        self._application = Application(
            self._server, self._endpoint, status=None,
            resume_token=self._application.started.resume_token)
        self._requests = self._notices = 0
        started = self._application.started
        self._ladder.call('sipcm', NAME, 'started: outstanding_count %d' %
                          started.outstanding_count)
        return started

    # --- What comes ---

    def expect(self, method):
        """The next delivery."""
        self._requests += 1
        delivery = self._application.wait_for_requests(self._requests)[self._requests - 1]
        assert delivery.request.method == method, delivery
        self._ladder.call('sipcm', NAME, 'request: ' + method)
        return delivery

    def expect_notice(self, kind):
        """"cancelled", "expired", "ack_missing" or "gap"."""
        self._notices += 1
        notice = self._application.wait_for_notices(self._notices)[self._notices - 1]
        assert notice.WhichOneof('delivery') == kind, notice
        self._ladder.call('sipcm', NAME, kind)
        return getattr(notice, kind)

    # --- What it does ---

    def answer(self, delivery, status, headers=(), body=b''):
        self._ladder.call(NAME, 'sipcm', 'Respond: %d' % status)
        return self._application.answer(delivery, status, typed(headers, body), body)

    def send(self, method, uri='', headers=(), body=b'', to=None, **place):
        """`to`: (host, port); `place`: dialog=, connection=."""
        self._ladder.call(NAME, 'sipcm', 'Send: ' + method)
        headers = typed(headers, body)
        if to is not None:
            place['destination'] = types_pb2.Destination(host=to[0], port=to[1],
                                                         transport=types_pb2.TCP)
        send = ScriptedSend(self._ladder, self._server.messaging.Send(send_pb2.SendRequest(
            endpoint='endpoints/' + self._endpoint, request=sip_pb2.SipRequest(
                method=method, request_uri=uri, headers=headers_of(headers), body=body),
            **place), timeout=DEADLINE_SECONDS))
        self._sends.append(send)
        return send


class ScriptedSend:
    """What comes of one Send."""

    def __init__(self, ladder, events):
        self._ladder = ladder
        self._events = events
        self.dialog = ''

    def _next(self):
        event = next(self._events)
        self.dialog = event.dialog or self.dialog
        return event

    def expect_sent(self):
        """Not drawn: it tells of the message that the phone draws."""
        return self._next().sent

    def expect(self, status):
        response = self._next().response
        assert response.status_code == status, response
        self._ladder.call('sipcm', NAME, 'response: %d' % status)
        return response

    def expect_failure(self, cause):
        failure = self._next().failure
        assert send_pb2.SendFailure.Cause.Name(failure.cause) == cause, failure
        self._ladder.call('sipcm', NAME, 'failure: ' + cause)
        return failure

    def cancel(self):
        """Ends the call of the API, which cancels an INVITE."""
        self._ladder.call(NAME, 'sipcm', 'cancels the call')
        self._events.cancel()
