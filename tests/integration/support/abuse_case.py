"""The fixture of tests that abuse the server: short limits, a bystander, and a look at the end."""

from tests.integration.support.bystander_case import BystanderCase
from tests.integration.support.footprint import Footprint
from tests.integration.support.server_process import ServerProcess, endpoint, tcp_manager

LIMIT_SECONDS = 2.0
LATEST_SECONDS = 5.0  # The edges are tested in virtual time; here the peers themselves may be slow.
LIMITS = {'first_message_timeout': '2s', 'partial_message_timeout': '2s', 'handshake_timeout': '2s',
          'write_stall_timeout': '2s', 'default_incoming_connection_timeout': '2s'}


class AbuseCase(BystanderCase):
    """A server with a TCP manager "edge" and a TLS manager "secure", both with LIMITS, and a
    bystander. After each test the server holds what it held before."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        own = cls.partners.issue('server', 'DNS:localhost,IP:127.0.0.1')
        cls.server = cls.enterClassContext(ServerProcess(cls.beside({
            'certificates': [{'name': 'certificates/edge', 'certificate_file': own + '.pem',
                              'private_key_file': own + '.key'}],
            'connection_managers': [
                tcp_manager('edge', **LIMITS),
                tcp_manager('secure', kind='SERVER_TLS', certificate='certificates/edge',
                            **LIMITS)],
            'endpoints': [endpoint('alice', 'sip:alice@example.com'),
                          endpoint('secure-alice', 'sip:alice@example.com', 'secure')]})))

    def setUp(self):
        self.footprint = Footprint(self.server)
        self.begin_bystander(self.server)

    def tearDown(self):
        self.assertIsNone(self.server.process.poll(), self.server.log())
        self.doCleanups()
        self.footprint.wait_until_back()

    def assert_all_closed_at_the_limit(self, connections):
        """Half a second before it at the earliest, and well before the next longer limit."""
        lifetimes = sorted(connection.lifetime for connection in connections)
        print('%d connections closed after %.2f to %.2f s' %
              (len(lifetimes), lifetimes[0], lifetimes[-1]))
        self.assertGreater(lifetimes[0], LIMIT_SECONDS - 0.5)
        self.assertLess(lifetimes[-1], LATEST_SECONDS)
