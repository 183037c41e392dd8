"""Calls a server with nothing but its address: types come by server reflection, as with grpcurl.

Debian has no Python package of grpc.reflection.v1alpha; its few messages are described here.
"""

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

_STRING = descriptor_pb2.FieldDescriptorProto.TYPE_STRING
_BYTES = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
_MESSAGE = descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE
_PACKAGE = 'grpc.reflection.v1alpha'


def _reflection_messages():
    file = descriptor_pb2.FileDescriptorProto(name='reflection.proto', package=_PACKAGE,
                                              syntax='proto3')

    def message(name, *fields):
        entry = file.message_type.add(name=name)
        for number, field, kind, repeated, type_name in fields:
            entry.field.add(name=field, number=number, type=kind, label=3 if repeated else 1,
                            type_name='.%s.%s' % (_PACKAGE, type_name) if type_name else None)

    message('ServerReflectionRequest', (3, 'file_by_filename', _STRING, False, ''),
            (4, 'file_containing_symbol', _STRING, False, ''),
            (7, 'list_services', _STRING, False, ''))
    message('FileDescriptorResponse', (1, 'file_descriptor_proto', _BYTES, True, ''))
    message('ServiceResponse', (1, 'name', _STRING, False, ''))
    message('ListServiceResponse', (1, 'service', _MESSAGE, True, 'ServiceResponse'))
    message('ServerReflectionResponse',
            (4, 'file_descriptor_response', _MESSAGE, False, 'FileDescriptorResponse'),
            (6, 'list_services_response', _MESSAGE, False, 'ListServiceResponse'))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return [factory.GetPrototype(pool.FindMessageTypeByName('%s.%s' % (_PACKAGE, name)))
            for name in ('ServerReflectionRequest', 'ServerReflectionResponse')]


class ReflectionClient:
    """Methods are "sipcm.v1.Service/Method", bodies and answers dicts as in JSON."""

    def __init__(self, channel):
        self._channel = channel
        self._request, response = _reflection_messages()
        self._ask_server = channel.stream_stream(
            '/%s.ServerReflection/ServerReflectionInfo' % _PACKAGE,
            request_serializer=self._request.SerializeToString,
            response_deserializer=response.FromString)
        self._pool = descriptor_pool.DescriptorPool()
        self._files = set()
        self._factory = message_factory.MessageFactory(self._pool)

    def _ask(self, **question):
        return next(self._ask_server(iter([self._request(**question)]), timeout=10))

    def services(self):
        answer = self._ask(list_services='*')
        return sorted(service.name for service in answer.list_services_response.service)

    def _load(self, **question):
        for data in self._ask(**question).file_descriptor_response.file_descriptor_proto:
            file = descriptor_pb2.FileDescriptorProto.FromString(data)
            if file.name in self._files:
                continue
            self._files.add(file.name)
            for dependency in file.dependency:
                if dependency not in self._files:
                    self._load(file_by_filename=dependency)
            self._pool.Add(file)

    def _method(self, path):
        service, name = path.split('/')
        self._load(file_containing_symbol=service)
        return self._pool.FindServiceByName(service).methods_by_name[name]

    def call(self, path, body):
        """The answer of a unary method. Raises grpc.RpcError."""
        method = self._method(path)
        answer = self._channel.unary_unary('/' + path, *self._codecs(method))(
            self._parse(method, body), timeout=10)
        return json_format.MessageToDict(answer, descriptor_pool=self._pool)

    def stream(self, path, body):
        """Answers of a server-streaming method, one by one."""
        method = self._method(path)
        call = self._channel.unary_stream('/' + path, *self._codecs(method))(
            self._parse(method, body))
        try:
            for answer in call:
                yield json_format.MessageToDict(answer, descriptor_pool=self._pool)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.CANCELLED:
                raise
        finally:
            call.cancel()

    def _codecs(self, method):
        return (self._factory.GetPrototype(method.input_type).SerializeToString,
                self._factory.GetPrototype(method.output_type).FromString)

    def _parse(self, method, body):
        return json_format.ParseDict(body, self._factory.GetPrototype(method.input_type)(),
                                     descriptor_pool=self._pool)
