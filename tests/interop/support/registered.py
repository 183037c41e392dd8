"""Endpoints that register with a product."""

from proto.sipcm.v1 import endpoint_pb2, endpoints_pb2
from tests.integration.support.waiting import wait_for

Registration = endpoint_pb2.Registration


class RegisteredEndpoint:
    """An endpoint USER of example.com on a manager (by default: that of all clients); registered
    when constructed, deleted at the end of `with`."""

    def __init__(self, server, user, password, registrar, manager='', expected='REGISTERED'):
        self._endpoints = server.endpoints
        self.name = user
        server.endpoints.CreateEndpoint(endpoints_pb2.CreateEndpointRequest(
            endpoint_id=user, endpoint=endpoint_pb2.Endpoint(
                kind=endpoint_pb2.Endpoint.REGISTERED, address='sip:%s@example.com' % user,
                connection_manager=manager and 'connectionManagers/' + manager,
                registration=Registration(registrar=registrar, password=password))), timeout=10)
        try:
            wait_for(lambda: self.state() == Registration.State.Value(expected), expected)
        except AssertionError as error:
            raise AssertionError('%s; it stands so: %s' % (error, self.get())) from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._endpoints.DeleteEndpoint(
            endpoints_pb2.DeleteEndpointRequest(name='endpoints/' + self.name, force=True),
            timeout=10)

    def get(self):
        return self._endpoints.GetEndpoint(
            endpoints_pb2.GetEndpointRequest(name='endpoints/' + self.name), timeout=10)

    def state(self):
        return self.get().registration.state
