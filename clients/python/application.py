#!/usr/bin/python3
"""A SIP application in Python: answers MESSAGE and OPTIONS that a sipcm server receives.

    clients/python/run --endpoint alice sip:alice@example.com connectionManagers/edge

It makes sure that its endpoints exist, attaches to the server and answers what comes:
MESSAGE with 200 (its text is printed), OPTIONS with 200 and what it can do, the rest of SIP's
methods with 405, and others with 501. When the server goes away it comes back, each time later
until 30 seconds; SIGTERM and SIGINT end it in order.

Plain grpcio, no framework: read main(), Application.serve() and answer() first.
"""

import argparse
import queue
import random
import signal
import sys
import threading

import grpc

from proto.sipcm.v1 import (attach_pb2, endpoint_pb2, endpoints_pb2, endpoints_pb2_grpc,
                            messaging_pb2_grpc, sip_pb2, subscription_pb2)

ANSWERED_METHODS = ('MESSAGE', 'OPTIONS')
KNOWN_METHODS = ('INVITE', 'BYE', 'REGISTER', 'SUBSCRIBE', 'NOTIFY', 'REFER', 'INFO', 'UPDATE',
                 'PRACK', 'PUBLISH')
ALLOW = sip_pb2.SipHeader(name='Allow', value=', '.join(ANSWERED_METHODS))
ACCEPT = sip_pb2.SipHeader(name='Accept', value='text/plain')

CREDIT = 256  # Requests that the server may give us before we answer the first.
FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 30
CALL_SECONDS = 10
END_SECONDS = 5  # For what is outstanding when we are asked to end.
HOPELESS = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION,
            grpc.StatusCode.UNIMPLEMENTED)  # Trying again does not help.


def log(text):
    print(text, flush=True)


def header(request, name):
    """The first value of a header; names compare without case."""
    for each in request.headers:
        if each.name.lower() == name.lower():
            return each.value
    return ''


def printable(text):
    """What a peer sent, safe for a terminal."""
    return ''.join(c if c.isprintable() else '\\x%02x' % ord(c) for c in text)


def answer(request):
    """Decides the response to one request. The server fills in all that SIP wants besides."""
    sender = printable(header(request, 'From'))
    if request.method == 'MESSAGE':
        text = request.body.decode('utf-8', errors='replace')
        log('MESSAGE from %s: %s' % (sender, printable(text)))
        return sip_pb2.SipResponse(status_code=200)
    if request.method == 'OPTIONS':
        log('OPTIONS from %s' % sender)
        return sip_pb2.SipResponse(status_code=200, headers=[ALLOW, ACCEPT])
    status = 405 if request.method in KNOWN_METHODS else 501
    log('%s from %s: answered with %d' % (printable(request.method), sender, status))
    return sip_pb2.SipResponse(status_code=status, headers=[ALLOW])


class Application:
    """Some endpoints, served over one Attach stream at a time."""

    def __init__(self, channel, endpoints):
        self._endpoint_service = endpoints_pb2_grpc.EndpointsStub(channel)
        self._messaging = messaging_pb2_grpc.MessagingStub(channel)
        self._endpoints = endpoints  # By subscription_id: 1, 2, ...
        self._resume_tokens = {}     # By subscription_id.
        self._delay = FIRST_DELAY_SECONDS
        self._frames = None          # To the server; None in it ends our side of the stream.
        self._call = None
        self._ending = threading.Event()

    def run(self):
        """Serves until end() is called. Raises grpc.RpcError when trying again is no use."""
        while not self._ending.is_set():
            try:
                self.ensure_endpoints()
                self.serve()
            except grpc.RpcError as error:
                if self._ending.is_set():
                    return
                log('error: %s: %s' % (error.code().name, error.details()))
                if error.code() in HOPELESS:
                    raise
            # Jitter, so that many applications do not come back in the same moment.
            self._ending.wait(self._delay * random.uniform(0.5, 1))
            self._delay = min(self._delay * 2, LONGEST_DELAY_SECONDS)

    def end(self):
        """Ends run(): no new requests, what is outstanding is answered. For signal handlers."""
        self._ending.set()
        if self._frames is not None:
            self._frames.put(None)
        if self._call is not None:
            timer = threading.Timer(END_SECONDS, self._call.cancel)
            timer.daemon = True
            timer.start()

    def ensure_endpoints(self):
        """Creates the endpoints that are not there."""
        for endpoint in self._endpoints.values():
            try:
                self._endpoint_service.GetEndpoint(
                    endpoints_pb2.GetEndpointRequest(name=endpoint.name), timeout=CALL_SECONDS)
                continue
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.NOT_FOUND or not endpoint.address:
                    raise
            try:
                self._endpoint_service.CreateEndpoint(
                    endpoints_pb2.CreateEndpointRequest(
                        endpoint_id=endpoint.name.split('/')[1], endpoint=endpoint),
                    timeout=CALL_SECONDS)
                log('created %s for %s' % (endpoint.name, endpoint.address))
            except grpc.RpcError as error:  # Another instance may have been faster.
                if error.code() != grpc.StatusCode.ALREADY_EXISTS:
                    raise

    def serve(self):
        """Serves one stream until it ends."""
        self._frames = queue.SimpleQueue()
        self._frames.put(self._open_frame())
        # grpcio takes our frames from an iterator, in a thread of its own.
        self._call = self._messaging.Attach(iter(self._frames.get, None))
        if self._ending.is_set():  # end() may have come in between.
            self._frames.put(None)
        for frame in self._call:
            # All that came in one frame is answered in one frame.
            answers = []
            for delivery in frame.deliveries:
                if delivery.HasField('request') and delivery.request.request.method != 'ACK':
                    answers.append(
                        subscription_pb2.RespondRequest(
                            request_id=delivery.request.request_id,
                            response=answer(delivery.request.request)))
                else:
                    self._note(delivery)
            if answers:
                self._frames.put(attach_pb2.ApplicationFrame(responses=answers))
            for result in frame.results:
                log('answer to %s was not sent: %s' % (result.request_id, result.message))
            for ended in frame.ended:
                log('subscription to %s ended: %s' %
                    (self._endpoints[ended.subscription_id].name, ended.message))
                self._resume_tokens.pop(ended.subscription_id, None)
                self._frames.put(None)  # Begin anew.

    def _open_frame(self):
        subscriptions = []
        for subscription_id, endpoint in self._endpoints.items():
            subscribe = subscription_pb2.SubscribeRequest(
                endpoint=endpoint.name,
                max_outstanding_count=CREDIT,
                resume_token=self._resume_tokens.get(subscription_id, ''))
            subscriptions.append(
                attach_pb2.AttachedSubscription(subscription_id=subscription_id,
                                                subscribe=subscribe))
        return attach_pb2.ApplicationFrame(open=attach_pb2.Open(
            application_name='python-application', subscriptions=subscriptions))

    def _note(self, delivery):
        """What needs no answer."""
        if delivery.HasField('started'):
            self._delay = FIRST_DELAY_SECONDS
            # With it a new stream gets what this one leaves unanswered.
            self._resume_tokens[delivery.subscription_id] = delivery.started.resume_token
            log('serving %s' % delivery.started.endpoint)
        elif delivery.HasField('expired'):
            log('too late for request %s' % delivery.expired.request_id)


def parse_endpoint(words):
    """ID [ADDRESS [CONNECTION_MANAGER]]"""
    if len(words) > 3:
        sys.exit('error: --endpoint takes ID [ADDRESS [CONNECTION_MANAGER]], not "%s"' %
                 ' '.join(words))
    endpoint_id, address, connection_manager = words + [''] * (3 - len(words))
    return endpoint_pb2.Endpoint(name='endpoints/' + endpoint_id,
                                 kind=endpoint_pb2.Endpoint.PEER_TO_PEER,
                                 address=address,
                                 connection_manager=connection_manager)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--server', default='127.0.0.1:50061', help="address of the server's API")
    parser.add_argument('--endpoint', required=True, action='append', nargs='+', dest='endpoints',
                        metavar=('ID', 'ADDRESS [CONNECTION_MANAGER]'),
                        help='endpoint to serve, and with what to create it when it is not there;'
                        ' may be repeated')
    arguments = parser.parse_args()
    endpoints = dict(enumerate(map(parse_endpoint, arguments.endpoints), start=1))
    with grpc.insecure_channel(arguments.server) as channel:
        application = Application(channel, endpoints)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: application.end())
        try:
            application.run()
        except grpc.RpcError:
            return 1  # run() has told it.
    log('ended')
    return 0


if __name__ == '__main__':
    sys.exit(main())
