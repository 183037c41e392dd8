"""REGISTERED endpoints over real TCP: digest, reconnection, and requests through the flow."""

import unittest

import grpc
from google.protobuf import field_mask_pb2

from proto.sipcm.v1 import (connection_managers_pb2, connections_pb2, endpoint_pb2, endpoints_pb2,
                            error_pb2, event_pb2, send_pb2, sip_pb2)
from tests.integration.support.application import Application
from tests.integration.support.error_detail import detail_of
from tests.integration.support.registrar import Registrar
from tests.integration.support.server_process import ServerProcess
from tests.integration.support.sip_peer import request
from tests.integration.support.waiting import wait_for
from tests.integration.support.watcher import CHANGES_ONLY, Watcher

CLIENT = 'connectionManagers/default-client'


class RegistrationTest(unittest.TestCase):

    def setUp(self):
        self.server = self.enterContext(ServerProcess())

    def start(self, **options):
        self.registrar = self.enterContext(Registrar(**options))

    def create(self, name='alice', password='secret', **registration):
        return self.server.endpoints.CreateEndpoint(endpoints_pb2.CreateEndpointRequest(
            endpoint_id=name, endpoint=endpoint_pb2.Endpoint(
                kind=endpoint_pb2.Endpoint.REGISTERED, address='sip:%s@example.com' % name,
                registration=endpoint_pb2.Registration(
                    registrar=self.registrar.uri, password=password, **registration))),
            timeout=10)

    def get(self, name='alice'):
        return self.server.endpoints.GetEndpoint(
            endpoints_pb2.GetEndpointRequest(name='endpoints/' + name), timeout=10)

    def wait_for_state(self, state, name='alice'):
        wait_for(lambda: self.get(name).registration.state == state,
                 endpoint_pb2.Registration.State.Name(state))
        return self.get(name)

    def wait_until_registered(self, name='alice'):
        return self.wait_for_state(endpoint_pb2.Registration.REGISTERED, name)

    def send(self, method='MESSAGE', uri='sip:bob@example.com', **request_parts):
        """All events of one request of alice's."""
        return list(self.server.messaging.Send(send_pb2.SendRequest(
            endpoint='endpoints/alice', request=sip_pb2.SipRequest(
                method=method, request_uri=uri, **request_parts)), timeout=10))

    def test_registers_with_digest_on_the_default_client_manager(self):
        for algorithm in ('MD5', 'SHA-256'):
            with self.subTest(algorithm):
                self.start(users={'alice': 'secret'}, algorithm=algorithm)
                self.assertEqual(self.create().connection_manager, CLIENT)
                endpoint = self.wait_until_registered()
                self.assertEqual(endpoint.state, endpoint_pb2.Endpoint.READY)
                self.assertTrue(endpoint.registration.connection.startswith(CLIENT))
                self.assertEqual(endpoint.registration.username, 'alice')
                self.assertEqual(endpoint.registration.password, '')
                _, register = self.registrar.registers()[0]
                self.assertIn('+sip.instance="<%s>"' % endpoint.registration.instance_id,
                              register.header('Contact'))
                self.server.endpoints.DeleteEndpoint(
                    endpoints_pb2.DeleteEndpointRequest(name='endpoints/alice'), timeout=10)
                last = self.registrar.wait_for_registers(2)[1][1]
                self.assertEqual(last.header('Expires'), '0')

    def test_default_manager_is_a_resource(self):
        self.start()
        self.create()
        names = [manager.name for manager in self.server.managers.ListConnectionManagers(
            connection_managers_pb2.ListConnectionManagersRequest(),
            timeout=10).connection_managers]
        self.assertEqual(names, [CLIENT])

    def test_scenario_9_killed_by_the_peer_it_reconnects_and_registers_again(self):
        self.start(users={'alice': 'secret'})
        self.create()
        first = self.wait_until_registered().registration.connection
        self.registrar.close_connections()
        registers = self.registrar.wait_for_registers(2)
        self.assertNotEqual(registers[0][0], registers[1][0])
        wait_for(lambda: self.get().registration.state == endpoint_pb2.Registration.REGISTERED
                 and self.get().registration.connection != first, 'another connection')

    def test_a_request_comes_and_goes_through_the_flow(self):
        self.start(users={'alice': 'secret'})
        self.create()
        connection = self.wait_until_registered().registration.connection
        with Application(self.server, 'alice') as application:
            self.registrar.send(request('MESSAGE', uri='sip:anything@else.example'))
            delivery = application.wait_for_requests()[0]
            self.assertEqual(delivery.connection, connection)
            wait_for(lambda: any(message.status == 200 for _, message in self.registrar.others()),
                     'the answer')
        events = list(self.server.messaging.Send(send_pb2.SendRequest(
            endpoint='endpoints/alice', request=sip_pb2.SipRequest(
                method='OPTIONS', request_uri='sip:bob@elsewhere.example')), timeout=10))
        self.assertEqual(events[-1].response.status_code, 200)
        self.assertEqual(events[0].sent.connection, connection)
        shown = self.server.connections.GetConnection(
            connections_pb2.GetConnectionRequest(name=connection), timeout=10)
        self.assertEqual(shown.endpoint, 'endpoints/alice')
        self.assertEqual(shown.pool, '')

    def test_wrong_password_fails_for_good_until_it_is_set_right(self):
        self.start(users={'alice': 'secret'})
        self.create(password='wrong')
        endpoint = self.wait_for_state(endpoint_pb2.Registration.FAILED)
        self.assertEqual(endpoint.state, endpoint_pb2.Endpoint.FAILED)
        self.assertIn('not accepted in realm "example.com"', endpoint.state_reason)
        with self.assertRaises(grpc.RpcError) as raised:
            list(self.server.messaging.Send(send_pb2.SendRequest(
                endpoint='endpoints/alice', request=sip_pb2.SipRequest(
                    method='OPTIONS', request_uri='sip:bob@elsewhere.example')), timeout=10))
        self.assertEqual(raised.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
        self.server.endpoints.UpdateEndpoint(endpoints_pb2.UpdateEndpointRequest(
            endpoint=endpoint_pb2.Endpoint(
                name='endpoints/alice',
                registration=endpoint_pb2.Registration(password='secret'))), timeout=10)
        self.wait_until_registered()

    def test_an_update_of_something_else_keeps_the_password(self):
        self.start(users={'alice': 'secret'})
        self.create()
        self.wait_until_registered()
        self.server.endpoints.UpdateEndpoint(endpoints_pb2.UpdateEndpointRequest(
            endpoint=endpoint_pb2.Endpoint(name='endpoints/alice', display_name='Alice'),
            update_mask=field_mask_pb2.FieldMask(paths=['display_name'])), timeout=10)
        self.registrar.close_connections()
        self.registrar.wait_for_registers(2)

    def test_integrity_stale_nonces_and_next_nonces(self):
        self.start(users={'alice': 'secret'}, qop='auth-int', next_nonces=True,
                   asks=('MESSAGE',))
        self.create()
        self.wait_until_registered()
        self.registrar.close_connections()
        registers = self.registrar.wait_for_registers(2)
        self.assertEqual(self.registrar.challenge_count(), 1, 'the next nonce was given')
        self.assertIn('nc=00000001', registers[1][1].header('Authorization'))
        self.wait_until_registered()
        body = {'body': b'hello', 'headers': [
            sip_pb2.SipHeader(name='Content-Type', value='text/plain')]}
        self.assertEqual(self.send(**body)[-1].response.status_code, 200)
        self.assertEqual(self.registrar.challenge_count(), 2)
        self.assertEqual(self.send(**body)[-1].response.status_code, 200)
        self.assertEqual(self.registrar.challenge_count(), 2, 'answered before it was asked')
        self.assertIn('nc=00000002', self.registrar.others()[1][1].header('Proxy-Authorization'))
        self.registrar.forget_nonces()
        self.assertEqual(self.send(**body)[-1].response.status_code, 200)
        self.assertEqual(self.registrar.challenge_count(), 3)

    def test_an_invite_is_authorised_and_the_application_sees_the_outcome_only(self):
        self.start(users={'alice': 'secret'}, asks=('INVITE',))
        self.create()
        self.wait_until_registered()
        events = self.send('INVITE')
        self.assertEqual([event.response.status_code for event in events
                          if event.HasField('response')], [200])
        methods = [message.start_line.split()[0] for _, message in self.registrar.others()]
        self.assertEqual(methods[:2], ['ACK', 'INVITE'])

    def test_what_the_registrar_gives_is_shown_and_used(self):
        self.start(headers=['Service-Route: <sip:token@edge.example.com;lr>', 'Require: outbound',
                            'Path: <sip:edge.example.com;lr;ob>', 'Flow-Timer: 100'],
                   contact=';pub-gruu="sip:alice@example.com;gr=urn:1"'
                           ';temp-gruu="sip:opaque@example.com;gr"')
        self.create()
        endpoint = self.wait_until_registered()
        self.assertEqual(endpoint.gruu, 'sip:alice@example.com;gr=urn:1')
        registration = endpoint.registration
        self.assertEqual(list(registration.temporary_gruus), ['sip:opaque@example.com;gr'])
        self.assertEqual(list(registration.service_routes), ['sip:token@edge.example.com;lr'])
        self.assertEqual(list(registration.paths), ['sip:edge.example.com;lr;ob'])
        self.assertTrue(registration.outbound)
        self.assertEqual(registration.flow_timer.seconds, 100)
        self.send('SUBSCRIBE', headers=[sip_pb2.SipHeader(name='Event', value='presence')])
        subscribe = self.registrar.others()[0][1]
        self.assertEqual(subscribe.header('Contact'), '<sip:alice@example.com;gr=urn:1>')
        self.assertEqual(subscribe.header('Route'), '<sip:token@edge.example.com;lr>')

    def test_several_endpoints_of_one_manager_each_have_their_flow(self):
        self.start(users={'alice': 'secret', 'bob': 'other'})
        with Watcher(self.server, kinds=[event_pb2.Event.ENDPOINT_STATE],
                     start=CHANGES_ONLY) as watcher:
            self.create()
            self.create('bob', password='other')
            flows = {self.wait_until_registered(name).registration.connection
                     for name in ('alice', 'bob')}
            self.assertEqual(len(flows), 2)
            for name in ('endpoints/alice', 'endpoints/bob'):
                wait_for(lambda n=name: self.states_in(watcher, n)[-1:] == ['REGISTERED'], name)
                # An event shows what is when it is told: on loopback that may be the next state.
                self.assertIn([state for state in self.states_in(watcher, name)
                               if state != 'UNREGISTERED'],
                              (['REGISTERED'], ['REGISTERING', 'REGISTERED']))

    @staticmethod
    def states_in(watcher, name):
        """The states in order, each once."""
        states = []
        for event in watcher.events(name):
            state = endpoint_pb2.Registration.State.Name(event.endpoint.registration.state)
            if states[-1:] != [state]:
                states.append(state)
        return states

    def test_the_password_is_never_shown(self):
        password = 'pa55-that-nobody-shall-see'
        self.start(users={'alice': password})
        with Watcher(self.server) as watcher:
            self.assertNotIn(password, str(self.create(password=password)))
            self.assertNotIn(password, str(self.wait_until_registered()))
            self.assertNotIn(password, str(self.server.endpoints.ListEndpoints(
                endpoints_pb2.ListEndpointsRequest(), timeout=10)))
            updated = self.server.endpoints.UpdateEndpoint(endpoints_pb2.UpdateEndpointRequest(
                endpoint=endpoint_pb2.Endpoint(
                    name='endpoints/alice',
                    registration=endpoint_pb2.Registration(password=password + '-wrong')),
                update_mask=field_mask_pb2.FieldMask(paths=['registration.password'])), timeout=10)
            self.assertNotIn(password, str(updated))
            self.assertNotIn(password, str(self.wait_for_state(endpoint_pb2.Registration.FAILED)))
            wait_for(lambda: 'FAILED' in self.states_in(watcher, 'endpoints/alice'), 'the event')
            self.assertNotIn(password, str(watcher.events()))
        self.assertNotIn(password, self.server.log())
        self.assertNotIn(password, self.server.http('/metrics')[1])

    def test_too_brief_is_asked_again_with_the_least(self):
        self.start(min_expires=7200)
        self.create()
        self.wait_until_registered()
        self.assertEqual(self.registrar.registers()[0][1].header('Expires'), '7200')

    def test_refused_settings_name_their_field(self):
        self.start()
        for registration, field in (
                ({'registrar': ''}, 'endpoint.registration.registrar'),
                ({'registrar': 'tel:+1'}, 'endpoint.registration.registrar'),
                ({'registrar': 'sip:a', 'requested_lifetime': {'seconds': 59}},
                 'endpoint.registration.requested_lifetime'),
                ({'registrar': 'sip:a', 'reg_id': -1}, 'endpoint.registration.reg_id'),
                ({'registrar': 'sip:a', 'instance_id': 'x'},
                 'endpoint.registration.instance_id'),
                ({'registrar': 'sip:a;transport=udp'}, 'endpoint.registration.registrar')):
            with self.subTest(registration), self.assertRaises(grpc.RpcError) as raised:
                self.server.endpoints.CreateEndpoint(endpoints_pb2.CreateEndpointRequest(
                    endpoint_id='bob', endpoint=endpoint_pb2.Endpoint(
                        kind=endpoint_pb2.Endpoint.REGISTERED, address='sip:bob@example.com',
                        registration=registration)), timeout=10)
            self.assertEqual(raised.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
            self.assertEqual(detail_of(raised.exception).field, field)

    def test_a_client_manager_has_no_peer_to_peer_endpoints(self):
        self.start()
        self.create()
        with self.assertRaises(grpc.RpcError) as raised:
            self.server.endpoints.CreateEndpoint(endpoints_pb2.CreateEndpointRequest(
                endpoint_id='bob', endpoint=endpoint_pb2.Endpoint(
                    kind=endpoint_pb2.Endpoint.PEER_TO_PEER, address='sip:bob@example.com',
                    connection_manager=CLIENT)), timeout=10)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
        self.assertEqual(detail_of(raised.exception).reason,
                         error_pb2.ErrorDetail.ENDPOINT_KIND_NOT_ON_MANAGER)


if __name__ == '__main__':
    unittest.main()
