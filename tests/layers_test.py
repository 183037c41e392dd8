"""The layer check refuses what the architecture forbids and nothing else."""

import unittest

from tests import layers


class EdgeTest(unittest.TestCase):

    def assert_allowed(self, source, target):
        self.assertIsNone(layers.check_edge(source, target))

    def assert_refused(self, source, target):
        self.assertIn(target, layers.check_edge(source, target) or "")

    def test_upper_layer_may_depend_on_lower_one(self):
        self.assert_allowed("//core/pool:connection_pool", "//core/connection:connection")
        self.assert_allowed("//core/connection:connection", "//core/sip:framer")
        self.assert_allowed("//server:conversion", "//core/engine:engine")
        self.assert_allowed("//server:conversion", "//proto/sipcm/v1:sipcm_cc_proto")
        self.assert_allowed("//clients/cpp:client", "//proto/sipcm/v1:sipcm_cc_grpc")

    def test_lower_layer_may_not_depend_on_upper_one(self):
        self.assert_refused("//core/connection:connection", "//core/pool:connection_pool")
        self.assert_refused("//core/sip:framer", "//core/event:event_loop")
        self.assert_refused("//core/tls:tls_stream", "//core/sip:framer")
        self.assert_refused("//core/engine:engine", "//server:conversion")

    def test_core_knows_neither_proto_nor_grpc(self):
        self.assert_refused("//core/engine:engine", "//proto/sipcm/v1:sipcm_cc_proto")
        self.assert_refused("//core/engine:engine", "@com_google_protobuf//:protobuf")
        self.assert_refused("//core/engine:engine", "@com_github_grpc_grpc//:grpc++")

    def test_clients_know_proto_and_what_the_server_decides_offline(self):
        self.assert_allowed("//clients/cli:commands", "//server/offline:peer_judge")
        self.assert_allowed("//server/offline:peer_judge", "//server/conversion:peer_conversion")
        self.assert_allowed("//server/offline:peer_judge", "//core/tls:peer_verifier")
        self.assert_refused("//clients/cli:commands", "//server/conversion:peer_conversion")
        self.assert_refused("//clients/cli:commands", "//core/tls:peer_verifier")
        self.assert_refused("//clients/cpp:client", "//core/engine:engine")
        self.assert_refused("//clients/cpp:client", "//server:conversion")

    def test_libraries_are_named_only_by_their_owners(self):
        self.assert_allowed("//core/tls:tls_context", "@openssl//:ssl")
        self.assert_refused("//core/net:tcp_stream", "@openssl//:ssl")
        self.assert_refused("//server:main", "@openssl//:ssl")
        self.assert_allowed("//core/event:libevent_loop", "@libevent//:libevent")
        self.assert_refused("//core/connection:connection", "@libevent//:libevent")
        self.assert_allowed("//core/net/dns:cares_resolver", "@c_ares//:ares")
        self.assert_refused("//core/event:libevent_loop", "@c_ares//:ares")

    def test_production_code_may_not_depend_on_tests(self):
        self.assert_refused("//core/event:event_loop", "//tests/fakes:fake_network")

    def test_unknown_folder_is_refused(self):
        self.assertIn("no known layer", layers.check_edge("//core/other:x", "//core/base:check"))


class IncludeTest(unittest.TestCase):

    def test_include_follows_the_same_arrows(self):
        self.assertIsNone(layers.check_include("core/pool/p.cc", "core/connection/connection.h"))
        self.assertIsNotNone(layers.check_include("core/sip/p.cc", "core/net/address.h"))
        self.assertIsNotNone(layers.check_include("core/engine/e.cc", "proto/sipcm/v1/sip.pb.h"))
        self.assertIsNotNone(layers.check_include("core/base/e.cc", "tests/fakes/fake_network.h"))

    def test_library_headers_are_named_only_by_their_owners(self):
        for owner, stranger, header in [
            ("core/tls/t.cc", "server/main.cc", "openssl/ssl.h"),
            ("core/event/e.cc", "core/tls/t.cc", "event2/event.h"),
            ("core/net/n.cc", "core/pool/p.cc", "sys/socket.h"),
            ("core/net/n.cc", "core/event/e.cc", "ares.h"),
            ("server/s.cc", "core/engine/e.cc", "grpcpp/grpcpp.h"),
            ("server/s.cc", "core/engine/e.cc", "google/protobuf/message.h"),
        ]:
            self.assertIsNone(layers.check_include(owner, header))
            self.assertIn(header, layers.check_include(stranger, header) or "")


if __name__ == "__main__":
    unittest.main()
