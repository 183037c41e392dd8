// What every Network and its ByteStreams do: on sockets, on the fake network, and on a fake one
// that is slow and cuts everything into pieces.

#include "core/net/network.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "core/base/error.h"
#include "core/net/address.h"
#include "core/net/byte_stream.h"
#include "tests/conformance/real_time.h"
#include "tests/conformance/virtual_time.h"
#include "tests/fakes/test_listener.h"
#include "tests/fakes/test_peer.h"

namespace sipcm::conformance {
namespace {

using fakes::TestListener;
using fakes::TestPeer;
using Outcome = net::IoResult::Outcome;
using StreamOr = absl::StatusOr<std::unique_ptr<net::ByteStream>>;

net::SocketAddress At(const std::string& text) { return *net::SocketAddress::Parse(text); }

template <typename Time>
class NetworkTest : public testing::Test {
 protected:
  event::EventLoop* loop() { return time_.loop(); }
  net::Network* network() { return time_.network(); }

  std::unique_ptr<TestListener> Listen(const std::string& address = "127.0.0.1:0") {
    return std::make_unique<TestListener>(network(), loop(), At(address));
  }
  // The answer of one Connect().
  StreamOr Connect(const net::SocketAddress& remote,
                   const std::optional<net::IpAddress>& local = std::nullopt) {
    std::optional<StreamOr> answer;
    auto attempt = network()->Connect(loop(), remote, local,
                                      [&](StreamOr result) { answer = std::move(result); });
    EXPECT_FALSE(answer.has_value()) << "answered from inside Connect()";
    EXPECT_TRUE(time_.RunUntil([&] { return answer.has_value(); }));
    return answer.has_value() ? *std::move(answer) : StreamOr(absl::UnknownError("no answer"));
  }
  std::unique_ptr<TestPeer> ConnectPeer(const net::SocketAddress& remote) {
    StreamOr stream = Connect(remote);
    EXPECT_TRUE(stream.ok()) << stream.status();
    return std::make_unique<TestPeer>(*std::move(stream));
  }
  // Both ends of a connection to `listener`: ours, and the accepted one.
  std::pair<std::unique_ptr<TestPeer>, TestPeer*> MakePair(TestListener* listener) {
    const size_t before = listener->peers().size();
    std::unique_ptr<TestPeer> ours = ConnectPeer(listener->address());
    EXPECT_TRUE(time_.RunUntil([&] { return listener->peers().size() == before + 1; }));
    return {std::move(ours), listener->peers().back().get()};
  }

  Time time_;
};

class TimeNames {
 public:
  template <typename Time>
  static std::string GetName(int) {
    if (std::is_same_v<Time, RealTime>) return "TcpNetwork";
    return std::is_same_v<Time, VirtualTime> ? "FakeNetwork" : "RaggedFakeNetwork";
  }
};

using Times = testing::Types<RealTime, VirtualTime, RaggedVirtualTime>;
TYPED_TEST_SUITE(NetworkTest, Times, TimeNames);

TYPED_TEST(NetworkTest, PortZeroGivesAFreePortAndTellsIt) {
  auto first = this->network()->Listen(At("127.0.0.1:0"), {});
  auto second = this->network()->Listen(At("127.0.0.1:0"), {});
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE((*first)->address().port, 0);
  EXPECT_NE((*first)->address().port, (*second)->address().port);
  EXPECT_EQ((*first)->address().ip, At("127.0.0.1:0").ip);
}

TYPED_TEST(NetworkTest, SecondListenerOnAnAddressIsRefusedAndToldWhich) {
  auto first = this->network()->Listen(At("127.0.0.1:0"), {});
  ASSERT_TRUE(first.ok());
  const net::SocketAddress taken = (*first)->address();
  for (const std::string host : {"127.0.0.1", "0.0.0.0"}) {
    net::SocketAddress address = At(host + ":0");
    address.port = taken.port;
    auto second = this->network()->Listen(address, {});
    ASSERT_FALSE(second.ok()) << host;
    EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(ReasonOf(second.status()), "ADDRESS_IN_USE");
    EXPECT_TRUE(absl::StrContains(second.status().message(), address.ToString()));
  }
  first->reset();
  EXPECT_TRUE(this->network()->Listen(taken, {}).ok());
}

TYPED_TEST(NetworkTest, WorkersOfOneManagerShareAPortAndAllOthersAreRefused) {
  net::ListenOptions shared;
  shared.share_port = true;
  auto first = this->network()->Listen(At("127.0.0.1:0"), shared);
  ASSERT_TRUE(first.ok()) << first.status();
  const net::SocketAddress address = (*first)->address();
  net::ListenOptions joining = shared;
  joining.share_with = first->get();
  auto second = this->network()->Listen(address, joining);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ((*second)->address(), address);

  // Another manager, whether it means to share with its own workers or not.
  EXPECT_EQ(ReasonOf(this->network()->Listen(address, shared).status()), "ADDRESS_IN_USE");
  EXPECT_EQ(ReasonOf(this->network()->Listen(address, {}).status()), "ADDRESS_IN_USE");
  // Also once the first socket of the group is gone, as long as one listens.
  first->reset();
  EXPECT_EQ(ReasonOf(this->network()->Listen(address, shared).status()), "ADDRESS_IN_USE");
  second->reset();
  EXPECT_TRUE(this->network()->Listen(address, shared).ok());
}

TYPED_TEST(NetworkTest, ConnectionsSpreadOverTheSocketsOfASharedPort) {
  net::ListenOptions options;
  options.share_port = true;
  auto first = this->network()->Listen(At("127.0.0.1:0"), options);
  ASSERT_TRUE(first.ok());
  options.share_with = first->get();
  auto second = this->network()->Listen((*first)->address(), options);
  ASSERT_TRUE(second.ok());
  TestListener a(this->network(), this->loop(), *std::move(first));
  TestListener b(this->network(), this->loop(), *std::move(second));
  std::vector<std::unique_ptr<TestPeer>> clients;
  for (int i = 0; i < 40; ++i) clients.push_back(this->ConnectPeer(a.address()));
  ASSERT_TRUE(this->time_.RunUntil([&] { return a.peers().size() + b.peers().size() == 40; }));
  EXPECT_GT(a.peers().size(), 0u);
  EXPECT_GT(b.peers().size(), 0u);
}

TYPED_TEST(NetworkTest, AddressOfAnotherHostCannotBeListenedOn) {
  auto bound = this->network()->Listen(At("203.0.113.7:5060"), {});
  ASSERT_FALSE(bound.ok());
  EXPECT_EQ(bound.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(bound.status()), "ADDRESS_NOT_AVAILABLE");
  EXPECT_TRUE(absl::StrContains(bound.status().message(), "\"203.0.113.7:5060\""));
}

TYPED_TEST(NetworkTest, ConnectionCarriesBytesBothWaysAndEndsKnowEachOther) {
  auto listener = this->Listen();
  auto [ours, theirs] = this->MakePair(listener.get());
  EXPECT_TRUE(ours->is_ready());
  EXPECT_EQ(ours->stream()->remote_address(), listener->address());
  EXPECT_EQ(theirs->stream()->local_address(), listener->address());
  EXPECT_EQ(theirs->stream()->remote_address(), ours->stream()->local_address());
  ours->Send("ping");
  ASSERT_TRUE(this->time_.RunUntil([&, t = theirs] { return t->received() == "ping"; }));
  theirs->Send("pong");
  ASSERT_TRUE(this->time_.RunUntil([&, o = ours.get()] { return o->received() == "pong"; }));
  EXPECT_TRUE(ours->stream()->error().ok());
}

TYPED_TEST(NetworkTest, ListenerOnAnyAddressTellsTheOneThatWasCalled) {
  auto listener = this->Listen("0.0.0.0:0");
  net::SocketAddress called = At("127.0.0.1:0");
  called.port = listener->address().port;
  auto client = this->ConnectPeer(called);
  ASSERT_TRUE(this->time_.RunUntil([&] { return listener->peers().size() == 1; }));
  EXPECT_EQ(listener->peers()[0]->stream()->local_address(), called);
}

TYPED_TEST(NetworkTest, Ipv6ConnectsAndItsAnyAddressIsNotIpv4s) {
  auto bound = this->network()->Listen(At("[::]:0"), {});
  if (!bound.ok()) GTEST_SKIP() << "no IPv6 here: " << bound.status();
  net::SocketAddress ipv4 = At("0.0.0.0:0");
  ipv4.port = (*bound)->address().port;
  EXPECT_TRUE(this->network()->Listen(ipv4, {}).ok());
  TestListener listener(this->network(), this->loop(), *std::move(bound));
  net::SocketAddress called = At("[::1]:0");
  called.port = ipv4.port;
  auto client = this->ConnectPeer(called);
  ASSERT_TRUE(this->time_.RunUntil([&] { return listener.peers().size() == 1; }));
  EXPECT_EQ(listener.peers()[0]->stream()->local_address(), called);
}

TYPED_TEST(NetworkTest, ConnectFromAGivenLocalAddressUsesIt) {
  auto listener = this->Listen("0.0.0.0:0");
  net::SocketAddress called = At("127.0.0.1:0");
  called.port = listener->address().port;
  StreamOr stream = this->Connect(called, *net::IpAddress::Parse("127.0.0.2"));
  ASSERT_TRUE(stream.ok()) << stream.status();
  EXPECT_EQ((*stream)->local_address().ip.ToString(), "127.0.0.2");
  StreamOr foreign = this->Connect(called, *net::IpAddress::Parse("203.0.113.9"));
  EXPECT_EQ(ReasonOf(foreign.status()), "CONNECT_FAILED");
}

TYPED_TEST(NetworkTest, ConnectWhereNobodyListensIsRefusedAndToldWhere) {
  const net::SocketAddress address = this->Listen()->address();  // gone again
  StreamOr stream = this->Connect(address);
  ASSERT_FALSE(stream.ok());
  EXPECT_EQ(stream.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(stream.status()), "CONNECT_REFUSED");
  EXPECT_TRUE(absl::StrContains(stream.status().message(), address.ToString()));
}

TYPED_TEST(NetworkTest, DestroyedAttemptNeverAnswers) {
  auto listener = this->Listen();
  bool answered = false;
  auto done = [&](StreamOr) { answered = true; };
  this->network()->Connect(this->loop(), listener->address(), std::nullopt, done).reset();
  this->time_.RunFor(absl::Milliseconds(60));
  EXPECT_FALSE(answered);
}

TYPED_TEST(NetworkTest, CallbackMayDestroyItsAttempt) {
  auto listener = this->Listen();
  std::unique_ptr<net::ConnectAttempt> attempt;
  bool answered = false;
  attempt = this->network()->Connect(this->loop(), listener->address(), std::nullopt,
                                     [&, payload = std::string(100, 'x')](StreamOr stream) {
                                       attempt = nullptr;
                                       answered = stream.ok() && payload.size() == 100;
                                     });
  EXPECT_TRUE(this->time_.RunUntil([&] { return answered; }));
}

TYPED_TEST(NetworkTest, ConnectionsThatCameBeforeAcceptAreAccepted) {
  auto bound = this->network()->Listen(At("127.0.0.1:0"), {});
  ASSERT_TRUE(bound.ok());
  auto client = this->ConnectPeer((*bound)->address());
  client->Send("early");
  TestListener listener(this->network(), this->loop(), *std::move(bound));
  EXPECT_TRUE(this->time_.RunUntil(
      [&] { return listener.peers().size() == 1 && listener.peers()[0]->received() == "early"; }));
}

TYPED_TEST(NetworkTest, StoppedAcceptorRefusesNewConnectionsAndLeavesTheOldUp) {
  auto listener = this->Listen();
  auto [ours, theirs] = this->MakePair(listener.get());
  listener->Stop();
  EXPECT_EQ(ReasonOf(this->Connect(listener->address()).status()), "CONNECT_REFUSED");
  ours->Send("still here");
  EXPECT_TRUE(this->time_.RunUntil([&, t = theirs] { return t->received() == "still here"; }));
}

TYPED_TEST(NetworkTest, AcceptorThatIsTurnedOffLeavesConnectionsWaiting) {
  struct TakesOne final : net::Acceptor::Listener {
    void OnAccepted(std::unique_ptr<net::ByteStream> stream) override {
      accepted.push_back(std::move(stream));
      acceptor->SetAccepting(false);
    }
    void OnAcceptFailed(const absl::Status&, bool) override {}
    std::unique_ptr<net::Acceptor> acceptor;
    std::vector<std::unique_ptr<net::ByteStream>> accepted;
  } one;
  auto bound = this->network()->Listen(At("127.0.0.1:0"), {});
  ASSERT_TRUE(bound.ok());
  const net::SocketAddress address = (*bound)->address();
  auto first = this->ConnectPeer(address);
  auto second = this->ConnectPeer(address);
  one.acceptor = this->network()->Accept(this->loop(), *std::move(bound), &one);
  ASSERT_TRUE(this->time_.RunUntil([&] { return one.accepted.size() == 1; }));
  // A third connects, into the system's queue as the second.
  auto third = this->ConnectPeer(address);
  EXPECT_EQ(one.accepted.size(), 1u);
  EXPECT_FALSE(second->is_over());
  one.acceptor->SetAccepting(true);
  EXPECT_TRUE(this->time_.RunUntil([&] { return one.accepted.size() == 2; }));
  one.acceptor->SetAccepting(true);
  EXPECT_TRUE(this->time_.RunUntil([&] { return one.accepted.size() == 3; }));
}

TYPED_TEST(NetworkTest, ListenerMayDestroyTheAcceptorFromInside) {
  struct StopsAtFirst final : net::Acceptor::Listener {
    void OnAccepted(std::unique_ptr<net::ByteStream>) override {
      ++accepted;
      acceptor = nullptr;
    }
    void OnAcceptFailed(const absl::Status&, bool) override {}
    std::unique_ptr<net::Acceptor> acceptor;
    int accepted = 0;
  } once;
  auto bound = this->network()->Listen(At("127.0.0.1:0"), {});
  ASSERT_TRUE(bound.ok());
  auto first = this->ConnectPeer((*bound)->address());
  auto second = this->ConnectPeer((*bound)->address());
  once.acceptor = this->network()->Accept(this->loop(), *std::move(bound), &once);
  ASSERT_TRUE(this->time_.RunUntil([&] { return once.accepted > 0; }));
  EXPECT_TRUE(this->time_.RunUntil([&] { return second->is_over(); }));
  EXPECT_EQ(once.accepted, 1);
}

}  // namespace
}  // namespace sipcm::conformance
