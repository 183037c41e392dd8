#include "core/connection/attempt.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "gtest/gtest.h"
#include "tests/core/connection/handshaking_stream.h"
#include "tests/fakes/dns/fake_resolver.h"
#include "tests/fakes/fake_network.h"
#include "tests/fakes/manual_event_loop.h"
#include "tests/fakes/test_listener.h"

namespace sipcm::connection {
namespace {

using Fault = fakes::FakeNetwork::Fault;

class AttemptTest : public ::testing::Test, private Connection::Listener {
 protected:
  AttemptTest() : environment_(std::in_place, &loop_), resolver_(&loop_) {
    roster_.emplace(&loop_, &health_, Transport::kTcp,
                    [](const net::ServiceTarget&, const absl::Status&) {});
  }
  ~AttemptTest() override {
    attempt_.reset();
    connection_.reset();
    servers_.clear();
    EXPECT_EQ(network_.attempt_count(), 0u);
    EXPECT_EQ(resolver_.pending_count(), 0u);
    EXPECT_TRUE(network_.streams().empty());
    roster_.reset();
    environment_.reset();
    EXPECT_EQ(loop_.alarm_count(), 0u);
  }

  static net::SocketAddress Address(const std::string& ip) {
    return {*net::IpAddress::Parse(ip), 5060};
  }
  fakes::TestListener& Serve(const std::string& ip) {
    return servers_.emplace_back(&network_, &loop_, Address(ip));
  }
  void Start(const std::string& host) {
    attempt_ = std::make_unique<Attempt>(
        Attempt::Target{host, 5060, steps_, Transport::kTcp, local_address_},
        Attempt::Means{&network_, &resolver_, &*environment_, &new_id_, &random_, &*roster_},
        std::make_shared<const ConnectionSettings>(settings_),
        [this](std::unique_ptr<net::ByteStream> stream) { return Decorate(std::move(stream)); },
        [this](absl::StatusOr<std::unique_ptr<Connection>> result) {
          EXPECT_FALSE(answered_);
          EXPECT_FALSE(starting_) << "answered from inside the constructor";
          answered_ = true;
          status_ = result.status();
          attempt_.reset();  // allowed here
          if (!result.ok() || drop_) return;
          connection_ = *std::move(result);
          connection_->SetListener(this);
        });
    starting_ = false;
  }
  // Starts, lets it end, and expects a connection to that address.
  void ExpectConnects(const std::string& host, const std::string& ip) {
    Start(host);
    ASSERT_TRUE(loop_.AdvanceUntil([this] { return answered_; }, absl::Minutes(2)));
    ASSERT_TRUE(status_.ok()) << status_;
    EXPECT_EQ(connection_->remote_address(), Address(ip));
    EXPECT_TRUE(connection_->is_usable());
    EXPECT_EQ(connection_->direction(), Direction::kOutgoing);
  }
  void ExpectFails(const std::string& host, absl::StatusCode code, const std::string& reason) {
    Start(host);
    ASSERT_TRUE(loop_.AdvanceUntil([this] { return answered_; }, absl::Minutes(2)));
    EXPECT_EQ(status_.code(), code) << status_;
    EXPECT_EQ(ReasonOf(status_), reason) << status_;
    EXPECT_TRUE(Mentions(absl::StrCat("\"", host, "\" port 5060"))) << status_;
  }
  bool Mentions(const std::string& text) const {
    return std::string(status_.message()).find(text) != std::string::npos;
  }

  void OnEstablished(Connection&) override { ADD_FAILURE() << "told to the second listener"; }
  void OnMessage(Connection&, const sip::MessageView&) override { ++message_count_; }
  void OnMalformed(Connection&, const sip::MessageView&, const sip::ParseVerdict&) override {}
  void OnClosed(Connection&, CloseReason, const absl::Status&) override {}

  fakes::ManualEventLoop loop_;
  fakes::FakeNetwork network_;
  std::optional<ConnectionEnvironment> environment_;
  fakes::FakeResolver resolver_;
  SeededRandomSource random_{3};
  TargetHealth health_;
  std::optional<TargetRoster> roster_;
  net::ServiceQuery::Steps steps_ = net::ServiceQuery::Steps::kAddresses;
  std::deque<fakes::TestListener> servers_;
  ConnectionSettings settings_;
  std::optional<net::IpAddress> local_address_;
  std::deque<HandshakingStream::Plan> handshakes_;  // of the connections to come; none: plain TCP

  std::unique_ptr<Attempt> attempt_;
  std::unique_ptr<Connection> connection_;
  bool answered_ = false;
  bool drop_ = false;
  absl::Status status_;
  int message_count_ = 0;

 private:
  DecoratedStream Decorate(std::unique_ptr<net::ByteStream> stream) {
    if (handshakes_.empty()) return {std::move(stream), nullptr};
    const HandshakingStream::Plan plan = handshakes_.front();
    handshakes_.pop_front();
    return {std::make_unique<HandshakingStream>(&loop_, plan, std::move(stream)), nullptr};
  }

  uint64_t last_id_ = 0;
  absl::AnyInvocable<ConnectionId()> new_id_ = [this] { return ConnectionId(1, ++last_id_); };
  bool starting_ = true;
};

absl::Status NameMismatch() {
  return MakeError(absl::StatusCode::kFailedPrecondition, "PEER_NAME_MISMATCH",
                   "certificate names [sip.example.org], not \"a.example\"");
}

absl::Status BadHandshake() {
  return MakeError(absl::StatusCode::kUnavailable, "HANDSHAKE_FAILED", "no common version");
}

TEST_F(AttemptTest, ConnectsToALiteralAddress) {
  Serve("192.0.2.7");
  ExpectConnects("192.0.2.7", "192.0.2.7");
}

TEST_F(AttemptTest, ConnectsToTheFirstAddressOfAName) {
  Serve("192.0.2.1");
  Serve("192.0.2.2");
  resolver_.SetAddresses("a.example", {"192.0.2.1", "192.0.2.2"});
  ExpectConnects("a.example", "192.0.2.1");
  EXPECT_EQ(network_.connect_count(), 1u);
}

TEST_F(AttemptTest, GoesOnToTheNextAddressWhenOneRefuses) {
  Serve("192.0.2.3");
  resolver_.SetAddresses("a.example", {"192.0.2.1", "203.0.113.1", "192.0.2.3"});
  ExpectConnects("a.example", "192.0.2.3");
}

TEST_F(AttemptTest, ABlackHoleCostsAHeadStartAndNoMore) {
  Serve("192.0.2.2");
  network_.SetFault(Address("192.0.2.1"), Fault::kBlackHole);
  resolver_.SetAddresses("a.example", {"192.0.2.1", "192.0.2.2"});
  Start("a.example");
  loop_.AdvanceBy(absl::Milliseconds(250) - absl::Nanoseconds(1));
  EXPECT_EQ(network_.connect_count(), 1u);
  EXPECT_FALSE(answered_);
  loop_.AdvanceBy(absl::Nanoseconds(1));
  EXPECT_TRUE(answered_ && status_.ok()) << status_;
}

TEST_F(AttemptTest, WithoutAnyConnectionItSaysWhatHappenedToTheLast) {
  resolver_.SetAddresses("a.example", {"192.0.2.1", "192.0.2.2"});
  ExpectFails("a.example", absl::StatusCode::kUnavailable, "CONNECT_REFUSED");
  EXPECT_TRUE(
      Mentions("2 addresses tried: 192.0.2.1:5060 CONNECT_REFUSED, "
               "192.0.2.2:5060 CONNECT_REFUSED"))
      << status_;
}

TEST_F(AttemptTest, AConnectTimeoutNamesAddressAndLimit) {
  network_.SetFault(Address("192.0.2.1"), Fault::kBlackHole);
  ExpectFails("192.0.2.1", absl::StatusCode::kUnavailable, "CONNECT_TIMEOUT");
  EXPECT_TRUE(Mentions("192.0.2.1:5060 did not answer within 4s")) << status_;
}

TEST_F(AttemptTest, ANameThatDoesNotExistIsNotFound) {
  ExpectFails("nowhere.example", absl::StatusCode::kNotFound, "DNS_NO_SUCH_NAME");
  EXPECT_EQ(network_.connect_count(), 0u);
}

TEST_F(AttemptTest, OnlyAddressesOfTheLocalAddresssFamilyAreTried) {
  Serve("2001:db8::2");
  resolver_.SetAddresses("a.example", {"192.0.2.1", "2001:db8::2"});
  local_address_ = *net::IpAddress::Parse("2001:db8::99");
  ExpectConnects("a.example", "2001:db8::2");
  EXPECT_EQ(connection_->local_address().ip, *local_address_);
  EXPECT_EQ(network_.connect_count(), 1u);
}

TEST_F(AttemptTest, NoAddressOfTheLocalAddresssFamilyIsSaid) {
  resolver_.SetAddresses("a.example", {"192.0.2.1"});
  local_address_ = *net::IpAddress::Parse("2001:db8::99");
  ExpectFails("a.example", absl::StatusCode::kNotFound, "DNS_NO_ADDRESS");
  EXPECT_TRUE(Mentions("2001:db8::99")) << status_;
}

TEST_F(AttemptTest, OfManyAddressesOnlySomeAreTried) {
  std::vector<std::string> addresses;
  for (int i = 1; i <= 200; ++i) addresses.push_back(absl::StrCat("192.0.2.", i));
  resolver_.SetAddresses("a.example", addresses);
  ExpectFails("a.example", absl::StatusCode::kUnavailable, "CONNECT_REFUSED");
  EXPECT_EQ(network_.connect_count(), Attempt::kMaxTargets);
}

TEST_F(AttemptTest, TheNextAttemptGoesOnWhereTheLastOneStopped) {
  std::vector<std::string> addresses;
  for (int i = 1; i <= 16; ++i) addresses.push_back(absl::StrCat("192.0.2.", i));
  resolver_.SetAddresses("a.example", addresses);
  Serve("192.0.2.17");
  ExpectFails("a.example", absl::StatusCode::kUnavailable, "CONNECT_REFUSED");
  answered_ = false;
  addresses.push_back("192.0.2.17");
  resolver_.SetAddresses("a.example", addresses);
  ExpectConnects("a.example", "192.0.2.17");
  EXPECT_EQ(network_.connect_count(), 17u);
}

TEST_F(AttemptTest, AServiceIsConnectedToWhereItsRecordsSay) {
  steps_ = net::ServiceQuery::Steps::kService;
  resolver_.SetServices("_sip._tcp.example.com",
                        {{1, 1, 5060, "down.example.com"}, {2, 1, 5060, "up.example.com"}});
  resolver_.SetAddresses("down.example.com", {"192.0.2.1"});
  resolver_.SetAddresses("up.example.com", {"192.0.2.2"});
  Serve("192.0.2.2");
  ExpectConnects("example.com", "192.0.2.2");
}

TEST_F(AttemptTest, AServiceThatIsNowhereIsSaidSo) {
  steps_ = net::ServiceQuery::Steps::kService;
  resolver_.SetServices("_sip._tcp.example.com", {{1, 1, 5060, "down.example.com"}});
  resolver_.SetAddresses("down.example.com", {"192.0.2.1"});
  Start("example.com");
  ASSERT_TRUE(loop_.AdvanceUntil([this] { return answered_; }, absl::Minutes(2)));
  EXPECT_TRUE(Mentions("\"example.com\" by service (TCP)")) << status_;
}

TEST_F(AttemptTest, AFailedHandshakeMakesTheAddressDeadAndAVerdictDoesNot) {
  Serve("192.0.2.1");
  Serve("192.0.2.2");
  Serve("192.0.2.3");
  resolver_.SetAddresses("a.example", {"192.0.2.1", "192.0.2.2", "192.0.2.3"});
  handshakes_ = {{absl::ZeroDuration(), BadHandshake()},
                 {absl::ZeroDuration(), NameMismatch()},
                 {absl::ZeroDuration(), absl::OkStatus()}};
  ExpectConnects("a.example", "192.0.2.3");
  EXPECT_EQ(health_.StateOf({Address("192.0.2.1"), Transport::kTcp}).health, Health::kDead);
  EXPECT_EQ(health_.StateOf({Address("192.0.2.2"), Transport::kTcp}).health, Health::kHealthy);
}

TEST_F(AttemptTest, IsDoneOnlyAfterTheHandshake) {
  Serve("192.0.2.7");
  handshakes_ = {{absl::Seconds(2), absl::OkStatus()}};
  Start("192.0.2.7");
  loop_.AdvanceBy(absl::Seconds(2) - absl::Nanoseconds(1));
  EXPECT_FALSE(answered_);
  loop_.AdvanceBy(absl::Nanoseconds(1));
  EXPECT_TRUE(answered_ && status_.ok()) << status_;
}

TEST_F(AttemptTest, AHandshakeThatIsNotFinishedInTimeFailsAtItsLimit) {
  Serve("192.0.2.7");
  handshakes_ = {{absl::InfiniteDuration(), absl::OkStatus()}};
  Start("192.0.2.7");
  loop_.AdvanceBy(absl::Seconds(5) - absl::Nanoseconds(1));
  EXPECT_FALSE(answered_);
  loop_.AdvanceBy(absl::Nanoseconds(1));
  EXPECT_TRUE(answered_);
  EXPECT_EQ(ReasonOf(status_), "HANDSHAKE_TIMEOUT") << status_;
}

// Called off by the winner, yet not given up for good.
TEST_F(AttemptTest, AWinnersFailedHandshakeGivesTheSlowerOneAnotherChance) {
  Serve("192.0.2.1");
  Serve("192.0.2.2");
  network_.SetFault(Address("192.0.2.1"), Fault::kBlackHole);
  resolver_.SetAddresses("a.example", {"192.0.2.1", "192.0.2.2"});
  handshakes_ = {{absl::Seconds(1), BadHandshake()}, {absl::ZeroDuration(), absl::OkStatus()}};
  Start("a.example");
  loop_.AdvanceBy(absl::Milliseconds(500));
  network_.Heal(Address("192.0.2.1"));
  ASSERT_TRUE(loop_.AdvanceUntil([this] { return answered_; }, absl::Minutes(2)));
  ASSERT_TRUE(status_.ok()) << status_;
  EXPECT_EQ(connection_->remote_address(), Address("192.0.2.1"));
}

TEST_F(AttemptTest, ARefusedCertificateGoesOnToTheNextAddress) {
  Serve("192.0.2.1");
  Serve("192.0.2.2");
  resolver_.SetAddresses("a.example", {"192.0.2.1", "192.0.2.2"});
  handshakes_ = {{absl::ZeroDuration(), NameMismatch()}, {absl::ZeroDuration(), absl::OkStatus()}};
  ExpectConnects("a.example", "192.0.2.2");
}

TEST_F(AttemptTest, TheMostTellingFailureIsKept) {
  Serve("192.0.2.1");
  Serve("192.0.2.2");
  resolver_.SetAddresses("a.example", {"192.0.2.1", "192.0.2.2", "192.0.2.3"});
  handshakes_ = {{absl::ZeroDuration(), NameMismatch()}, {absl::ZeroDuration(), BadHandshake()}};
  ExpectFails("a.example", absl::StatusCode::kFailedPrecondition, "PEER_NAME_MISMATCH");
}

TEST_F(AttemptTest, AFailedHandshakeTellsMoreThanARefusedConnection) {
  Serve("192.0.2.1");
  resolver_.SetAddresses("a.example", {"192.0.2.1", "192.0.2.2"});
  handshakes_ = {{absl::ZeroDuration(), BadHandshake()}};
  ExpectFails("a.example", absl::StatusCode::kUnavailable, "HANDSHAKE_FAILED");
}

TEST_F(AttemptTest, WhatComesEarlyIsForWhoGetsTheConnection) {
  fakes::TestListener& server = Serve("192.0.2.7");
  handshakes_ = {{absl::Seconds(1), absl::OkStatus()}};
  Start("192.0.2.7");
  loop_.RunUntilIdle();
  ASSERT_EQ(server.peers().size(), 1u);
  server.peers()[0]->Send(
      "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nFrom: <sip:a>;tag=1\r\n"
      "To: <sip:a>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 1\r\n"
      "Content-Length: 0\r\n\r\n");
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_TRUE(answered_);
  EXPECT_EQ(message_count_, 1);
}

TEST_F(AttemptTest, TheConnectionMayBeDroppedInTheCallback) {
  Serve("192.0.2.7");
  drop_ = true;
  Start("192.0.2.7");
  loop_.RunUntilIdle();
  EXPECT_TRUE(answered_);
}

TEST_F(AttemptTest, DestroyedAtAnyStepItGivesUpWithoutACall) {
  Serve("192.0.2.7");
  resolver_.SetAddresses("a.example", {"192.0.2.7"});
  resolver_.set_delay(absl::Seconds(1));
  fakes::FakeNetworkOptions slow;
  slow.min_connect_delay = slow.max_connect_delay = absl::Seconds(1);
  network_.set_options(slow);
  for (const absl::Duration after : {absl::ZeroDuration(), absl::Milliseconds(500),
                                     absl::Milliseconds(1500), absl::Milliseconds(2500)}) {
    handshakes_ = {{absl::Seconds(1), absl::OkStatus()}};
    Start("a.example");
    loop_.AdvanceBy(after);
    attempt_.reset();
    loop_.AdvanceBy(absl::Seconds(10));
    EXPECT_FALSE(answered_);
    EXPECT_EQ(network_.attempt_count(), 0u);
  }
}

}  // namespace
}  // namespace sipcm::connection
