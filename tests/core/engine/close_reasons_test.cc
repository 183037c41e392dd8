// That a connection ends for one reason, told once as an event and counted once under its name.
// What the log and the API call it: tests/server/log/engine_event_log_test, close_reason_test.
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/optional.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/mutual_tls_fixture.h"

namespace sipcm::engine {
namespace {

using connection::CloseReason;
using ::testing::ElementsAre;

constexpr char kFar[] = "198.51.100.7";
constexpr absl::Duration kLong = absl::Minutes(20);  // longer than any limit

// Beside "edge" of the fixture (TLS) there is "plain" (TCP, at 192.0.2.1:5060).
struct Stage {
  Stage() {
    fixture.Start(fixture.Config({"a.contoso.com"}));
    fixture.StartTcpManager("plain");
  }
  // A peer of the TCP manager, and one that speaks TCP to the TLS manager.
  fakes::TestPeer& Tcp() { return Keep(fixture.ConnectPeer("plain")); }
  fakes::TestPeer& TcpToTls() { return Keep(fixture.ConnectPeer("edge")); }
  fakes::TestPeer& Tls(const std::string& name = "a.contoso.com") {
    return Keep(fixture.ConnectTlsPeer({.dns_names = {name}}));
  }
  // So many answered requests of ours, each on a connection of its own.
  void CallFar(int count = 1) {
    far = fixture.ServeTls(std::string(kFar) + ":5061", {.ip_addresses = {kFar}});
    for (int i = 0; i < count; ++i) {
      fixture.SendOptions(kFar);
      fakes::TestPeer& peer = *far->peers().at(i);
      peer.Send(MakeResponse(Messages(peer.TakeReceived()).at(0), 200));
      fixture.RunUntilIdle();
    }
  }
  pool::Destination FarPool() const {
    pool::Destination destination;
    destination.host = kFar;
    destination.port = 5061;
    destination.transport = connection::Transport::kTls;
    return destination;
  }
  connection::ConnectionId OnlyConnection() {
    connection::ConnectionId id;
    fixture.engine->ListConnections("", [&](auto result) { id = result->at(0).id; });
    fixture.RunUntilIdle();
    return id;
  }
  fakes::TestPeer& Keep(std::unique_ptr<fakes::TestPeer> connected) {
    peer = std::move(connected);
    fixture.RunUntilIdle();
    return *peer;
  }

  MutualTlsFixture fixture;
  std::unique_ptr<fakes::TestPeer> peer;
  std::unique_ptr<fakes::TestListener> far;
};

void Speak(Stage& stage, fakes::TestPeer& peer) {
  peer.Send(MakeRequest("OPTIONS", "sip:alice@edge.net", 1));
  stage.fixture.RunUntilIdle();
}

// How a peer, a limit or control makes a connection end for that reason, and how long it takes.
struct Ending {
  CloseReason reason;
  std::function<void(Stage&)> make;
  absl::Duration after = absl::ZeroDuration();
};

std::vector<Ending> OfMessages() {
  return {
      {CloseReason::kIdle, [](Stage& stage) { Speak(stage, stage.Tcp()); }, kLong},
      {CloseReason::kFirstMessageTimeout, [](Stage& stage) { stage.Tcp(); }, kLong},
      {CloseReason::kPartialMessageTimeout, [](Stage& stage) { stage.Tcp().Send("OPTIONS sip:a"); },
       kLong},
      {CloseReason::kWriteStalled,
       [](Stage& stage) {
         fakes::TestPeer& peer = stage.Tcp();
         peer.SetReading(false);
         for (int i = 1; i <= 1000; ++i) peer.Send(MakeRequest("OPTIONS", "sip:b@edge.net", i));
       },
       kLong},
      {CloseReason::kPeerClosed,
       [](Stage& stage) {
         Speak(stage, stage.Tcp());
         stage.peer->CloseWrite();
       }},
      {CloseReason::kTruncated,
       [](Stage& stage) {
         stage.Tcp().Send("OPTIONS sip:a");
         stage.peer->CloseWrite();
       }},
      {CloseReason::kReset,
       [](Stage& stage) {
         stage.Tcp().SetReading(false);  // input unread: its end is a reset
         Speak(stage, *stage.peer);
         stage.peer->Close();
       }},
      {CloseReason::kProtocolError,
       [](Stage& stage) { stage.Tcp().Send("GET / HTTP/1.1\r\n\r\n"); }},
      {CloseReason::kLimit,
       [](Stage& stage) {
         stage.Tcp().Send("OPTIONS sip:a SIP/2.0\r\nX: " + std::string(70'000, 'x'));
       }},
  };
}

std::vector<Ending> OfHandshakes() {
  return {
      {CloseReason::kHandshakeFailed, [](Stage& stage) { Speak(stage, stage.TcpToTls()); }},
      {CloseReason::kHandshakeTimeout, [](Stage& stage) { stage.TcpToTls(); }, absl::Seconds(5)},
      {CloseReason::kNotAllowed, [](Stage& stage) { stage.Tls("evil.org"); }},
  };
}

std::vector<Ending> OfControl() {
  return {
      {CloseReason::kAdmin,
       [](Stage& stage) {
         stage.Tcp();
         stage.fixture.engine->CloseConnection(stage.OnlyConnection(), absl::nullopt, [](auto) {});
       }},
      {CloseReason::kManagerDeleted,
       [](Stage& stage) {
         stage.Tcp();
         EXPECT_TRUE(stage.fixture.engine->RemoveManager("plain").ok());
       }},
      {CloseReason::kDomainRemoved,
       [](Stage& stage) {
         stage.Tls();
         stage.fixture.Apply(stage.fixture.Config({"x.org"}));
         stage.fixture.engine->CloseConnectionsOf("edge", Entries({"a.contoso.com"}), [](auto) {});
       }},
      {CloseReason::kCertificateRotated,
       [](Stage& stage) {
         stage.Tls();
         // A change of the manager, which the new version comes with.
         stage.fixture.Apply(stage.fixture.Config({"a.contoso.com", "b.contoso.com"}));
         stage.fixture.engine->RetireConnections("edge", stage.fixture.bundle->name(), "2",
                                                 Retiring::kNow, [](auto) {});
       }},
      {CloseReason::kPongTimeout, [](Stage& stage) { stage.CallFar(); }, absl::Seconds(40)},
      {CloseReason::kSurplus,
       [](Stage& stage) {
         stage.CallFar(2);
         pool::PoolSetting one;
         one.max_connection_count = 1;
         EXPECT_TRUE(stage.fixture.engine->ApplyPool({"edge", stage.FarPool(), one}).ok());
       }},
      {CloseReason::kDrained,
       [](Stage& stage) {
         stage.CallFar();
         stage.fixture.engine->RemovePool("edge", stage.FarPool(), PoolRemoval::kUnlessBusy,
                                          [](auto) {});
       }},
      {CloseReason::kShutdown,
       [](Stage& stage) {
         stage.Tcp();
         stage.fixture.engine->Shutdown(absl::Seconds(1), [] {});
       },
       absl::Seconds(1)},
  };
}

class CloseReasonsTest : public ::testing::TestWithParam<Ending> {};

TEST_P(CloseReasonsTest, IsToldOnceInEventAndCount) {
  Stage stage;
  GetParam().make(stage);
  stage.fixture.RunUntilIdle();
  stage.fixture.AdvanceBy(GetParam().after);
  std::vector<CloseReason> told;
  for (const EngineEvent& event : stage.fixture.events.events) {
    if (event.kind == EngineEvent::Kind::kConnectionClosed) told.push_back(event.close_reason);
  }
  EXPECT_THAT(told, ElementsAre(GetParam().reason));
  std::vector<CloseReason> counted;
  const EngineTotals totals = stage.fixture.engine->GetTotals();
  for (const auto& direction : totals.connections_closed) {
    for (const auto& transport : direction) {
      for (int reason = 0; reason < connection::kCloseReasonCount; ++reason) {
        counted.insert(counted.end(), transport[reason], static_cast<CloseReason>(reason));
      }
    }
  }
  EXPECT_THAT(counted, ElementsAre(GetParam().reason));
}

std::string NameOf(const ::testing::TestParamInfo<Ending>& info) {
  return std::string(connection::CloseReasonName(info.param.reason));
}
INSTANTIATE_TEST_SUITE_P(Messages, CloseReasonsTest, ::testing::ValuesIn(OfMessages()), NameOf);
INSTANTIATE_TEST_SUITE_P(Handshakes, CloseReasonsTest, ::testing::ValuesIn(OfHandshakes()), NameOf);
INSTANTIATE_TEST_SUITE_P(Control, CloseReasonsTest, ::testing::ValuesIn(OfControl()), NameOf);

TEST(CloseReasonsTest, EachHasATest) {
  std::set<CloseReason> shown = {
      CloseReason::kEndpointDeleted,  // registered/registered_flow_test
      // Attempts, which are no connections yet: failover_test.
      CloseReason::kResolutionFailed, CloseReason::kConnectFailed, CloseReason::kConnectTimeout,
      CloseReason::kIoFailed,  // no fault of the fake network: core/connection/close_detail_test
  };
  for (const auto& endings : {OfMessages(), OfHandshakes(), OfControl()}) {
    for (const Ending& ending : endings) shown.insert(ending.reason);
  }
  EXPECT_EQ(shown.size(), static_cast<size_t>(connection::kCloseReasonCount));
}

}  // namespace
}  // namespace sipcm::engine
