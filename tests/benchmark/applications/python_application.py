"""Answers all requests of an endpoint over Attach, in Python, without a word about each.

    python_application --server=127.0.0.1:50061 --endpoint=endpoints/echo --view=RAW
"""

import argparse
import queue

import grpc

from proto.sipcm.v1 import (attach_pb2, messaging_pb2_grpc, sip_pb2, subscription_pb2, types_pb2)

_CREDIT = 4096


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--server', required=True)
    parser.add_argument('--endpoint', required=True)
    parser.add_argument('--view', default='RAW')
    arguments, _ = parser.parse_known_args()
    frames = queue.SimpleQueue()
    frames.put(attach_pb2.ApplicationFrame(open=attach_pb2.Open(
        application_name='python_application',
        subscriptions=[attach_pb2.AttachedSubscription(
            subscription_id=1,
            subscribe=subscription_pb2.SubscribeRequest(
                endpoint=arguments.endpoint, view=types_pb2.View.Value(arguments.view),
                max_outstanding_count=_CREDIT))])))
    response = sip_pb2.SipResponse(status_code=200)
    channel = grpc.insecure_channel(arguments.server)
    for frame in messaging_pb2_grpc.MessagingStub(channel).Attach(iter(frames.get, None)):
        answers = [subscription_pb2.RespondRequest(request_id=delivery.request.request_id,
                                                   response=response)
                   for delivery in frame.deliveries if delivery.HasField('request')]
        if answers:
            frames.put(attach_pb2.ApplicationFrame(responses=answers))
        elif frame.deliveries and frame.deliveries[0].HasField('started'):
            print('answering', flush=True)


if __name__ == '__main__':
    main()
