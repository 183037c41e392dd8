// What sockets do beyond every network (tests/conformance): descriptors run out, memory, options.

#include "core/net/tcp_network.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/error.h"
#include "core/net/socket/file_descriptor.h"
#include "core/net/socket/native_address.h"
#include "core/net/tcp_acceptor.h"
#include "core/net/tcp_stream.h"
#include "tests/conformance/real_time.h"
#include "tests/fakes/test_listener.h"
#include "tests/fakes/test_peer.h"

namespace sipcm::net {
namespace {

using fakes::TestListener;
using fakes::TestPeer;
using StreamOr = absl::StatusOr<std::unique_ptr<ByteStream>>;

const SocketAddress kAnyPort = *SocketAddress::Parse("127.0.0.1:0");

// The process has no free descriptor while this lives, except those given back by Free().
class NoDescriptors {
 public:
  NoDescriptors() {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &old_), 0);
    rlimit low = old_;
    low.rlim_cur = 200;
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
    while (true) {
      FileDescriptor fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
      if (!fd.is_open()) break;
      held_.push_back(std::move(fd));
    }
  }
  ~NoDescriptors() { EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &old_), 0); }
  void Free(size_t count) { held_.resize(held_.size() - count); }
  void FreeAll() { held_.clear(); }

 private:
  rlimit old_;
  std::vector<FileDescriptor> held_;
};

// A raw blocking client socket, made before descriptors run out.
class RawClient {
 public:
  RawClient() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  bool Connect(const SocketAddress& address) {
    const NativeAddress native(address);
    return connect(fd_.get(), native.data(), native.size()) == 0;
  }
  // "" while nothing came, "end" after FIN, "reset" after RST.
  std::string State() {
    char byte;
    const ssize_t count = recv(fd_.get(), &byte, 1, MSG_DONTWAIT);
    if (count > 0) return "data";
    if (count == 0) return "end";
    return errno == ECONNRESET ? "reset" : "";
  }

 private:
  FileDescriptor fd_;
};

class TcpNetworkTest : public testing::Test {
 protected:
  void SetUp() override {
    // UBSan takes a pipe to look at a class that it has not met yet, which it cannot when
    // descriptors have run out: so it meets them all before.
    event::EventLoop* const any_loop = loop();
    any_loop->NewAlarm([] {})->Set(any_loop->Now());
    TestListener listener(network(), loop(), kAnyPort);
    TestPeer peer(Connect(listener.address()));
    peer.Send("x");
    ASSERT_TRUE(time_.RunUntil(
        [&] { return !listener.peers().empty() && listener.peers()[0]->received() == "x"; }));
  }

  event::LibeventLoop* loop() { return time_.loop(); }
  TcpNetwork* network() { return time_.network(); }

  std::unique_ptr<ByteStream> Connect(const SocketAddress& address) {
    std::optional<StreamOr> answer;
    auto attempt = network()->Connect(loop(), address, std::nullopt,
                                      [&](StreamOr result) { answer = std::move(result); });
    EXPECT_TRUE(time_.RunUntil([&] { return answer.has_value(); }));
    EXPECT_TRUE(answer->ok()) << answer->status();
    return **std::move(answer);
  }

  conformance::RealTime time_;
};

TEST_F(TcpNetworkTest, OutOfDescriptorsItRefusesWhatWaitsServesTheOldAndAcceptsAgain) {
  TestListener listener(network(), loop(), kAnyPort);
  TestPeer old_peer(Connect(listener.address()));
  ASSERT_TRUE(time_.RunUntil([&] { return listener.peers().size() == 1; }));
  std::vector<RawClient> refused(5);
  RawClient late, later;
  {
    NoDescriptors none;
    for (RawClient& client : refused) ASSERT_TRUE(client.Connect(listener.address()));
    ASSERT_TRUE(time_.RunUntil([&] {
      for (RawClient& client : refused) {
        if (client.State().empty()) return false;
      }
      return true;
    })) << "waiting connections hang instead of being refused";
    ASSERT_EQ(listener.failures().size(), 1u);
    EXPECT_EQ(ReasonOf(listener.failures()[0]), "FILE_DESCRIPTORS_EXHAUSTED");
    EXPECT_EQ(listener.peers().size(), 1u);

    // Resting, not spinning: a connection that comes now waits for the end of the pause.
    ASSERT_TRUE(late.Connect(listener.address()));
    old_peer.Send("still served");
    ASSERT_TRUE(time_.RunUntil([&] { return listener.peers()[0]->received() == "still served"; }));
    EXPECT_EQ(listener.failures().size(), 1u);
    none.FreeAll();
    ASSERT_TRUE(time_.RunUntil([&] { return listener.peers().size() == 2; }));
    EXPECT_EQ(late.State(), "");
    EXPECT_EQ(listener.failures().size(), 1u);
  }
  ASSERT_TRUE(later.Connect(listener.address()));
  EXPECT_TRUE(time_.RunUntil([&] { return listener.peers().size() == 3; }));
}

TEST_F(TcpNetworkTest, WhileDescriptorsAreOutItTriesTenTimesASecond) {
  TestListener listener(network(), loop(), kAnyPort);
  std::vector<RawClient> clients(6);
  NoDescriptors none;
  const Instant start = loop()->Now();
  for (size_t i = 0; i < 4; ++i) {
    ASSERT_TRUE(clients[i].Connect(listener.address()));
    ASSERT_TRUE(time_.RunUntil([&] { return listener.failures().size() == i + 1; }));
  }
  // Four failures, so three pauses between them.
  EXPECT_GE(loop()->Now() - start, 3 * TcpAcceptor::kPause);
}

TEST_F(TcpNetworkTest, ConnectWithoutDescriptorsIsAnsweredWithTheRemedy) {
  std::optional<StreamOr> answer;
  NoDescriptors none;
  auto attempt = network()->Connect(loop(), *SocketAddress::Parse("127.0.0.1:9"), std::nullopt,
                                    [&](StreamOr result) { answer = std::move(result); });
  ASSERT_TRUE(time_.RunUntil([&] { return answer.has_value(); }));
  EXPECT_EQ(answer->status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(answer->status()), "FILE_DESCRIPTORS_EXHAUSTED");
}

TEST_F(TcpNetworkTest, AcceptedAndConnectedSocketsSendAtOnceAndFindDeadPeers) {
  // What accept4 gives is inherited from the listening socket: seen on a socket of our own.
  FileDescriptor listening(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  TcpStream::SetStreamOptions(listening.get());
  const NativeAddress any(kAnyPort);
  ASSERT_EQ(bind(listening.get(), any.data(), any.size()), 0);
  ASSERT_EQ(listen(listening.get(), 1), 0);
  RawClient client;
  ASSERT_TRUE(client.Connect(*NativeAddress::OfSocket(listening.get())));
  FileDescriptor accepted(accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
  ASSERT_TRUE(accepted.is_open());
  for (const auto& [level, name] : {std::pair<int, int>(IPPROTO_TCP, TCP_NODELAY),
                                    std::pair<int, int>(SOL_SOCKET, SO_KEEPALIVE)}) {
    int value = 0;
    socklen_t size = sizeof(value);
    ASSERT_EQ(getsockopt(accepted.get(), level, name, &value, &size), 0);
    EXPECT_EQ(value, 1);
  }
}

TEST_F(TcpNetworkTest, OfTwoThatBoundAtTheSameTimeOnlyOneListens) {
  // The race of two processes that start at once, frozen between bind and listen.
  FileDescriptor rival(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ASSERT_EQ(setsockopt(rival.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
  const NativeAddress any(kAnyPort);
  ASSERT_EQ(bind(rival.get(), any.data(), any.size()), 0);
  ListenOptions shared;
  shared.share_port = true;
  auto ours = network()->Listen(*NativeAddress::OfSocket(rival.get()), shared);
  ASSERT_TRUE(ours.ok()) << ours.status();
  EXPECT_EQ(listen(rival.get(), 1), -1);
  EXPECT_EQ(errno, EADDRINUSE);
}

TEST_F(TcpNetworkTest, ListensAgainWhileConnectionsOfThePortLiveAndAfterTheyClosed) {
  ListenOptions shared;
  shared.share_port = true;
  SocketAddress address;
  std::unique_ptr<TestPeer> client;
  std::vector<std::unique_ptr<TestPeer>> accepted;
  {
    TestListener listener(network(), loop(), *network()->Listen(kAnyPort, shared));
    address = listener.address();
    client = std::make_unique<TestPeer>(Connect(address));
    ASSERT_TRUE(time_.RunUntil([&] { return listener.peers().size() == 1; }));
    accepted = std::move(listener.peers());
  }
  EXPECT_TRUE(network()->Listen(address, shared).ok()) << "established";
  accepted.clear();  // closes first: TIME_WAIT is on the listener's side
  ASSERT_TRUE(time_.RunUntil([&] { return client->is_over(); }));
  client = nullptr;
  EXPECT_TRUE(network()->Listen(address, shared).ok()) << "TIME_WAIT";
}

TEST_F(TcpNetworkTest, IdleStreamStaysWithinItsMemoryBudget) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's allocator counts otherwise";
#endif
  constexpr int kStreams = 400;
  struct Silent final : ByteStream::Listener {
    void OnReady() override {}
    void OnReadable() override {}
    void OnWritable() override {}
    void OnFailed() override {}
  } silent;
  std::vector<FileDescriptor> others;
  std::vector<std::unique_ptr<TcpStream>> streams;
  others.reserve(kStreams);
  streams.reserve(kStreams);
  std::vector<FileDescriptor> ours;
  for (int i = 0; i < kStreams; ++i) {
    int fds[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    ours.emplace_back(fds[0]);
    others.emplace_back(fds[1]);
  }
  const size_t before = mallinfo2().uordblks;
  for (FileDescriptor& fd : ours) {
    streams.push_back(std::make_unique<TcpStream>(loop(), std::move(fd), kAnyPort, kAnyPort));
    streams.back()->Start(&silent);
  }
  const size_t each = (mallinfo2().uordblks - before) / kStreams;
  RecordProperty("bytes_each", static_cast<int>(each));
  EXPECT_LT(each, 350u);
}

}  // namespace
}  // namespace sipcm::net
