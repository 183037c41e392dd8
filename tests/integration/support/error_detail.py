"""What the server says of an error beside its code."""

from proto.sipcm.v1 import error_pb2


def detail_of(error):
    """The ErrorDetail in the status of a call; an empty one when there is none."""
    detail = error_pb2.ErrorDetail()
    for key, value in error.trailing_metadata():
        if key == 'grpc-status-details-bin':
            error_pb2.RpcStatus.FromString(value).details[0].Unpack(detail)
    return detail
