// What the fake network does beyond every network (tests/conformance): faults on demand and from
// a seed.

#include "tests/fakes/fake_network.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/error.h"
#include "core/base/instant.h"
#include "tests/fakes/manual_event_loop.h"
#include "tests/fakes/memory_stream.h"
#include "tests/fakes/test_listener.h"
#include "tests/fakes/test_peer.h"

namespace sipcm::fakes {
namespace {

using StreamOr = absl::StatusOr<std::unique_ptr<net::ByteStream>>;

const net::SocketAddress kServer = *net::SocketAddress::Parse("192.0.2.1:5060");

class FakeNetworkTest : public testing::Test {
 protected:
  // What Connect() answers within `limit`; nullopt: nothing.
  std::optional<StreamOr> Connect(absl::Duration limit = absl::Hours(1)) {
    std::optional<StreamOr> answer;
    auto attempt = network_.Connect(&loop_, kServer, std::nullopt,
                                    [&](StreamOr result) { answer = std::move(result); });
    static_cast<void>(loop_.AdvanceUntil([&] { return answer.has_value(); }, limit));
    return answer;
  }
  std::unique_ptr<TestPeer> ConnectPeer() {
    auto stream = network_.ConnectPeer(&loop_, kServer);
    EXPECT_TRUE(stream.ok()) << stream.status();
    loop_.RunUntilIdle();
    return std::make_unique<TestPeer>(*std::move(stream));
  }

  ManualEventLoop loop_;
  FakeNetwork network_;
};

TEST_F(FakeNetworkTest, PeerConnectsAtOnceFromTheAddressItLikes) {
  TestListener listener(&network_, &loop_, kServer);
  const net::SocketAddress from = *net::SocketAddress::Parse("198.51.100.77:5099");
  auto stream = network_.ConnectPeer(&loop_, kServer, from);
  ASSERT_TRUE(stream.ok());
  TestPeer peer(*std::move(stream));
  loop_.RunUntilIdle();
  ASSERT_EQ(listener.peers().size(), 1u);
  EXPECT_EQ(listener.peers()[0]->stream()->remote_address(), from);
  listener.peers()[0]->Send("hello");
  loop_.RunUntilIdle();
  EXPECT_EQ(peer.received(), "hello");
}

TEST_F(FakeNetworkTest, PeerIsRefusedWhereNobodyListens) {
  EXPECT_EQ(ReasonOf(network_.ConnectPeer(&loop_, kServer).status()), "CONNECT_REFUSED");
}

TEST_F(FakeNetworkTest, FaultsOfOneAddressLastUntilHealed) {
  TestListener listener(&network_, &loop_, kServer);
  network_.SetFault(kServer, FakeNetwork::Fault::kRefused);
  EXPECT_EQ(ReasonOf(Connect()->status()), "CONNECT_REFUSED");
  network_.SetFault(kServer, FakeNetwork::Fault::kUnreachable);
  EXPECT_EQ(ReasonOf(Connect()->status()), "CONNECT_UNREACHABLE");
  network_.SetFault(kServer, FakeNetwork::Fault::kBlackHole);
  EXPECT_FALSE(Connect().has_value());
  EXPECT_EQ(network_.attempt_count(), 0u);
  network_.Heal(kServer);
  EXPECT_TRUE(Connect()->ok());
  EXPECT_EQ(network_.connect_count(), 4u);
}

TEST_F(FakeNetworkTest, ConnectTakesItsDelayToTheEdge) {
  FakeNetworkOptions options;
  options.min_connect_delay = options.max_connect_delay = absl::Milliseconds(70);
  network_.set_options(options);
  TestListener listener(&network_, &loop_, kServer);
  EXPECT_FALSE(Connect(absl::Milliseconds(70) - absl::Nanoseconds(1)).has_value());
  EXPECT_TRUE(Connect(absl::Milliseconds(70)).has_value());
}

TEST_F(FakeNetworkTest, BytesTakeTheirDelayToTheEdge) {
  FakeNetworkOptions options;
  options.stream.min_delay = options.stream.max_delay = absl::Milliseconds(20);
  network_.set_options(options);
  TestListener listener(&network_, &loop_, kServer);
  auto peer = ConnectPeer();
  peer->Send("late");
  loop_.AdvanceBy(absl::Milliseconds(20) - absl::Nanoseconds(1));
  EXPECT_EQ(listener.peers()[0]->received(), "");
  loop_.AdvanceBy(absl::Nanoseconds(1));
  EXPECT_EQ(listener.peers()[0]->received(), "late");
}

TEST_F(FakeNetworkTest, AcceptsFailOnDemandAndGoOnAfterThePause) {
  TestListener listener(&network_, &loop_, kServer);
  network_.FailAccepts(kServer, 2);
  auto peer = ConnectPeer();
  EXPECT_EQ(listener.failures().size(), 1u);
  EXPECT_EQ(ReasonOf(listener.failures()[0]), "FILE_DESCRIPTORS_EXHAUSTED");
  loop_.AdvanceBy(absl::Milliseconds(100));
  EXPECT_EQ(listener.failures().size(), 2u);
  loop_.AdvanceBy(absl::Milliseconds(100) - absl::Nanoseconds(1));
  EXPECT_EQ(listener.peers().size(), 0u);
  loop_.AdvanceBy(absl::Nanoseconds(1));
  EXPECT_EQ(listener.peers().size(), 1u);
}

TEST_F(FakeNetworkTest, AcceptsFailForGoodOnDemand) {
  TestListener listener(&network_, &loop_, kServer);
  network_.FailAccepts(kServer, 1, FakeNetwork::AcceptFault::kForGood);
  auto peer = ConnectPeer();
  ASSERT_EQ(listener.failures().size(), 1u);
  EXPECT_EQ(ReasonOf(listener.failures()[0]), "IO_ERROR");
  loop_.AdvanceBy(absl::Minutes(1));
  EXPECT_EQ(listener.peers().size(), 0u);
}

TEST_F(FakeNetworkTest, FullBacklogMakesTheClientTryAgain) {
  net::ListenOptions options;
  options.backlog = 1;
  auto bound = network_.Listen(kServer, options);
  ASSERT_TRUE(bound.ok());
  auto first = Connect();
  ASSERT_TRUE(first->ok());
  EXPECT_FALSE(Connect(absl::Milliseconds(999)).has_value());
  std::optional<StreamOr> answer;
  auto attempt = network_.Connect(&loop_, kServer, std::nullopt,
                                  [&](StreamOr result) { answer = std::move(result); });
  loop_.RunUntilIdle();
  TestListener listener(&network_, &loop_, *std::move(bound));
  loop_.AdvanceBy(absl::Seconds(1));
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(answer->ok());
}

TEST_F(FakeNetworkTest, PortsMayNeedPermission) {
  FakeNetworkOptions options;
  options.first_permitted_port = 1024;
  network_.set_options(options);
  const absl::Status status =
      network_.Listen(*net::SocketAddress::Parse("192.0.2.1:443"), {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(status), "PORT_NOT_PERMITTED");
}

TEST_F(FakeNetworkTest, ResetBreaksBothEndsAfterWhatIsOnTheWay) {
  TestListener listener(&network_, &loop_, kServer);
  auto peer = ConnectPeer();
  peer->Send("last words");
  ASSERT_EQ(network_.StreamsAt(kServer).size(), 1u);
  network_.StreamsAt(kServer)[0]->Reset();
  loop_.RunUntilIdle();
  EXPECT_EQ(listener.peers()[0]->received(), "last words");
  EXPECT_EQ(ReasonOf(listener.peers()[0]->error()), "RESET");
  EXPECT_EQ(ReasonOf(peer->error()), "RESET");
}

TEST_F(FakeNetworkTest, StalledConnectionIsSilentBothWaysUntilItGoesOn) {
  TestListener listener(&network_, &loop_, kServer);
  auto peer = ConnectPeer();
  MemoryStream* const stream = network_.StreamsAt(kServer)[0];
  stream->SetStalled(true);
  peer->Send("up");
  listener.peers()[0]->Send("down");
  loop_.AdvanceBy(absl::Hours(1));
  EXPECT_EQ(listener.peers()[0]->received(), "");
  EXPECT_EQ(peer->received(), "");
  EXPECT_EQ(stream->incoming_size(), 2u);
  stream->SetStalled(false);
  loop_.RunUntilIdle();
  EXPECT_EQ(listener.peers()[0]->received(), "up");
  EXPECT_EQ(peer->received(), "down");
}

TEST_F(FakeNetworkTest, KnowsWhatIsLeftOpen) {
  {
    TestListener listener(&network_, &loop_, kServer);
    auto peer = ConnectPeer();
    EXPECT_EQ(network_.streams().size(), 2u);
    EXPECT_EQ(network_.listener_count(), 1u);
  }
  EXPECT_EQ(network_.streams().size(), 0u);
  EXPECT_EQ(network_.listener_count(), 0u);
  EXPECT_EQ(loop_.alarm_count(), 0u);
}

// A day in the life of a bad network, as a log: who got what, when.
std::string Replay(uint64_t seed) {
  FakeNetworkOptions options;
  options.min_connect_delay = absl::Milliseconds(1);
  options.max_connect_delay = absl::Milliseconds(80);
  options.refuse_probability = 0.2;
  options.black_hole_probability = 0.1;
  options.stream.min_delay = absl::Milliseconds(1);
  options.stream.max_delay = absl::Milliseconds(50);
  options.stream.max_piece = 10;
  options.stream.block_probability = 0.1;
  options.stream.reset_probability = 0.02;
  ManualEventLoop loop;
  FakeNetwork network(seed, options);
  TestListener listener(&network, &loop, kServer);
  const Instant start = loop.Now();
  std::string log;
  std::vector<std::unique_ptr<TestPeer>> peers(30);
  std::vector<std::unique_ptr<net::ConnectAttempt>> attempts;
  for (size_t i = 0; i < peers.size(); ++i) {
    attempts.push_back(network.Connect(&loop, kServer, std::nullopt, [&, i](StreamOr stream) {
      log += std::to_string(i) + (stream.ok() ? "+" : "-") +
             std::to_string(absl::ToInt64Nanoseconds(loop.Now() - start)) + " ";
      if (!stream.ok()) return;
      peers[i] = std::make_unique<TestPeer>(*std::move(stream));
      peers[i]->Send(std::string(200, 'x'));
    }));
  }
  loop.AdvanceBy(absl::Seconds(30));
  for (const std::unique_ptr<TestPeer>& peer : listener.peers()) {
    log += std::to_string(peer->received().size()) + (peer->has_failed() ? "! " : " ");
  }
  return log;
}

TEST(FakeNetworkSeedTest, SameSeedGivesTheSameDayAndAnotherSeedAnother) {
  const std::string log = Replay(1);
  EXPECT_EQ(log, Replay(1));
  EXPECT_NE(log, Replay(2));
  // All kinds of luck happened.
  EXPECT_NE(log.find('+'), std::string::npos);
  EXPECT_NE(log.find('-'), std::string::npos);
  EXPECT_NE(log.find('!'), std::string::npos);
  EXPECT_NE(log.find("200 "), std::string::npos);
}

TEST(FakeNetworkDeathTest, ConnectionThatOutlivesItsNetworkIsFound) {
  EXPECT_DEATH(
      {
        ManualEventLoop loop;
        auto network = std::make_unique<FakeNetwork>();
        auto bound = network->Listen(kServer, {});
        auto stream = network->ConnectPeer(&loop, kServer);
        bound->reset();
        network = nullptr;
      },
      "outlives its network");
}

}  // namespace
}  // namespace sipcm::fakes
