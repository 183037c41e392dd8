"""An application that answers calls, for products that call."""

from proto.sipcm.v1 import send_pb2, sip_pb2
from tests.integration.support.waiting import DEADLINE_SECONDS

# Where nobody sends audio to, and none comes from.
SDP = (b'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n'
       b'm=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n')
CONTENT_TYPE = ('Content-Type', 'application/sdp')


def pick_up(delivery):
    """Replies for Application: rings, answers; agrees to all else."""
    if delivery.request.method == 'INVITE':
        return ({'status': 180}, {'status': 200, 'headers': [CONTENT_TYPE], 'body': SDP})
    return ({'status': 200},)


def ring(delivery):
    """Rings and goes on ringing."""
    return ({'status': 180 if delivery.request.method == 'INVITE' else 200},)


def methods(application):
    return [delivery.request.method for delivery in application.requests()]


class OutgoingCall:
    """A call that an application makes. The server acknowledges its answer."""

    def __init__(self, server, endpoint, uri, **place):
        self._server = server
        self._endpoint = endpoint
        self.statuses = []
        self.dialog = ''
        self._events = self._send('INVITE', uri, body=SDP, headers=[
            sip_pb2.SipHeader(name=CONTENT_TYPE[0], value=CONTENT_TYPE[1])], **place)

    def _send(self, method, uri='', headers=(), body=b'', **place):
        return self._server.messaging.Send(send_pb2.SendRequest(
            endpoint='endpoints/' + self._endpoint, request=sip_pb2.SipRequest(
                method=method, request_uri=uri, headers=headers, body=body), **place),
                                           timeout=DEADLINE_SECONDS)

    def wait_for(self, status):
        """Reads on until this response."""
        for event in self._events:
            self.dialog = event.dialog or self.dialog
            assert not event.HasField('failure'), event
            if event.HasField('response'):
                self.statuses.append(event.response.status_code)
                if event.response.status_code == status:
                    return event.response
        raise AssertionError('only %s came' % self.statuses)

    def cancel(self):
        self._events.cancel()

    def hang_up(self):
        """The final status of the BYE."""
        return list(self._send('BYE', dialog=self.dialog))[-1].response.status_code
