#include "tests/fakes/fake_network.h"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <utility>

#include "core/base/check.h"
#include "core/net/socket/socket_error.h"

namespace sipcm::fakes {
namespace {

constexpr uint16_t kFirstListenPort = 40000;
constexpr uint16_t kFirstLocalPort = 10000;
constexpr int kAcceptsPerTurn = 64;
constexpr absl::Duration kAcceptPause = absl::Milliseconds(100);
// A full backlog drops the SYN; the client sends it again.
constexpr absl::Duration kSynAgain = absl::Seconds(1);

net::IpAddress Ip(const char* text) { return *net::IpAddress::Parse(text); }

bool IsNowhere(const net::IpAddress& ip) {
  const uint8_t* bytes = ip.bytes();
  return ip.family() == net::AddressFamily::kIpv4 && bytes[0] == 203 && bytes[1] == 0 &&
         bytes[2] == 113;
}

bool Overlap(const net::IpAddress& a, const net::IpAddress& b) {
  return a == b || (a.family() == b.family() && (a.is_any() || b.is_any()));
}

}  // namespace

// One listening socket: who connected and was not accepted yet.
class FakeNetwork::Socket {
 public:
  Socket(FakeNetwork* network, const net::SocketAddress& address, uint64_t group, size_t backlog)
      : network_(network), address_(address), group_(group), backlog_(backlog) {
    network_->sockets_.push_back(this);
  }
  ~Socket() {
    std::erase(network_->sockets_, this);
    for (const std::unique_ptr<MemoryStream>& stream : waiting_) stream->Reset();
  }

  void Enqueue(std::unique_ptr<MemoryStream> stream) {
    waiting_.push_back(std::move(stream));
    if (wake_ != nullptr && !wake_->armed()) wake_->Set(loop_->Now());
  }
  std::unique_ptr<MemoryStream> Dequeue() {
    std::unique_ptr<MemoryStream> stream = std::move(waiting_.front());
    waiting_.pop_front();
    stream->AttachTo(loop_);
    return stream;
  }
  // From now on new connections set `wake` on `loop`.
  void Attach(event::EventLoop* loop, event::Alarm* wake) {
    loop_ = loop;
    wake_ = wake;
    if (!waiting_.empty()) wake_->Set(loop_->Now());
  }

  const net::SocketAddress& address() const { return address_; }
  uint64_t group() const { return group_; }
  bool empty() const { return waiting_.empty(); }
  bool full() const { return waiting_.size() >= backlog_; }

 private:
  FakeNetwork* const network_;
  const net::SocketAddress address_;
  const uint64_t group_;
  const size_t backlog_;
  std::deque<std::unique_ptr<MemoryStream>> waiting_;
  event::EventLoop* loop_ = nullptr;
  event::Alarm* wake_ = nullptr;
};

class FakeNetwork::Bound final : public net::BoundListener {
 public:
  explicit Bound(std::unique_ptr<Socket> socket) : socket_(std::move(socket)) {}
  const net::SocketAddress& address() const override { return socket_->address(); }
  const Socket& socket() const { return *socket_; }
  std::unique_ptr<Socket> TakeSocket() { return std::move(socket_); }

 private:
  std::unique_ptr<Socket> socket_;
};

class FakeNetwork::Accepting final : public net::Acceptor {
 public:
  Accepting(FakeNetwork* network, event::EventLoop* loop, std::unique_ptr<Socket> socket,
            Listener* listener)
      : network_(network),
        loop_(loop),
        listener_(listener),
        wake_(loop->NewAlarm([this] { OnWake(); })),
        socket_(std::move(socket)) {
    socket_->Attach(loop, wake_.get());
  }
  ~Accepting() override { *alive_ = false; }

  void SetAccepting(bool on) override {
    accepting_ = on;
    if (on && !wake_->armed()) wake_->Set(loop_->Now());
  }

 private:
  void OnWake() {
    const std::shared_ptr<bool> alive = alive_;
    for (int i = 0; i < kAcceptsPerTurn && accepting_ && !socket_->empty(); ++i) {
      BadAccepts& bad_accepts = network_->bad_accepts_[socket_->address()];
      if (bad_accepts.count > 0) {
        --bad_accepts.count;
        return Fail(bad_accepts.fault);
      }
      listener_->OnAccepted(socket_->Dequeue());
      if (!*alive) return;
    }
    if (accepting_ && !socket_->empty()) wake_->Set(loop_->Now());
  }

  void Fail(AcceptFault fault) {
    const bool for_good = fault == AcceptFault::kForGood;
    if (for_good) {
      accepting_ = false;
    } else {
      wake_->Set(loop_->Now() + kAcceptPause);
    }
    listener_->OnAcceptFailed(net::AcceptError(socket_->address(), for_good ? EBADF : EMFILE),
                              for_good);
  }

  FakeNetwork* const network_;
  event::EventLoop* const loop_;
  Listener* const listener_;
  const std::unique_ptr<event::Alarm> wake_;
  const std::unique_ptr<Socket> socket_;
  bool accepting_ = true;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// The fate is drawn when the attempt begins; whether somebody listens is looked up when it ends.
class FakeNetwork::Attempt final : public net::ConnectAttempt {
 public:
  Attempt(FakeNetwork* network, event::EventLoop* loop, const net::SocketAddress& remote,
          const std::optional<net::IpAddress>& local, ConnectCallback done)
      : network_(network),
        loop_(loop),
        remote_(remote),
        local_(local),
        done_(std::move(done)),
        alarm_(loop->NewAlarm([this] { Finish(); })) {
    ++network_->connect_count_;
    ++network_->attempt_count_;
    const FakeNetworkOptions& options = network_->options_;
    const absl::Duration delay =
        network_->Draw(options.min_connect_delay, options.max_connect_delay);
    fault_ = DrawFault();
    if (fault_ == Fault::kBlackHole) return;
    alarm_->Set(loop_->Now() + delay);
  }
  ~Attempt() override { --network_->attempt_count_; }

 private:
  std::optional<Fault> DrawFault() {
    const auto known = network_->faults_.find(remote_);
    if (known != network_->faults_.end()) return known->second;
    if (IsNowhere(remote_.ip)) return Fault::kUnreachable;
    if (network_->Happens(network_->options_.black_hole_probability)) return Fault::kBlackHole;
    if (network_->Happens(network_->options_.refuse_probability)) return Fault::kRefused;
    return std::nullopt;
  }

  void Finish() {
    if (fault_ == Fault::kUnreachable) return Answer(net::ConnectError(remote_, ENETUNREACH));
    if (local_.has_value() && IsNowhere(*local_)) {
      return Answer(net::ConnectError(remote_, EADDRNOTAVAIL));
    }
    Socket* const socket = network_->Find(remote_);
    if (socket == nullptr || fault_ == Fault::kRefused) {
      return Answer(net::ConnectError(remote_, ECONNREFUSED));
    }
    if (socket->full()) return alarm_->Set(loop_->Now() + kSynAgain);
    Answer(
        network_->MakeConnection(socket, loop_, network_->LocalAddress(remote_, local_), remote_));
  }

  void Answer(absl::StatusOr<std::unique_ptr<net::ByteStream>> result) {
    // The callback may destroy the attempt.
    ConnectCallback done = std::move(done_);
    done(std::move(result));
  }

  FakeNetwork* const network_;
  event::EventLoop* const loop_;
  const net::SocketAddress remote_;
  const std::optional<net::IpAddress> local_;
  ConnectCallback done_;
  const std::unique_ptr<event::Alarm> alarm_;
  std::optional<Fault> fault_;
};

FakeNetwork::FakeNetwork(uint64_t seed, const FakeNetworkOptions& options)
    : random_(seed), next_listen_port_(kFirstListenPort), next_local_port_(kFirstLocalPort) {
  set_options(options);
}

FakeNetwork::~FakeNetwork() {
  SIPCM_CHECK_MESSAGE(sockets_.empty(), "a listener outlives its network");
  SIPCM_CHECK_MESSAGE(attempt_count_ == 0, "a connect attempt outlives its network");
  SIPCM_CHECK_MESSAGE(live_.empty(), "a connection outlives its network");
}

void FakeNetwork::set_options(const FakeNetworkOptions& options) {
  options_ = options;
  options_.stream.random = &random_;
}

absl::StatusOr<std::unique_ptr<net::BoundListener>> FakeNetwork::Listen(
    const net::SocketAddress& address, const net::ListenOptions& options) {
  if (IsNowhere(address.ip)) return net::ListenError(address, EADDRNOTAVAIL);
  uint64_t group = ++last_group_;
  if (options.share_with != nullptr) {
    const Bound* const first = dynamic_cast<const Bound*>(options.share_with);
    SIPCM_CHECK(options.share_port && first != nullptr && first->address() == address);
    group = first->socket().group();
  }
  net::SocketAddress bound = address;
  if (bound.port == 0) {
    do {
      bound.port = next_listen_port_++;
      if (next_listen_port_ == 0) next_listen_port_ = kFirstListenPort;
    } while (IsTaken(bound, group));
  }
  if (bound.port < options_.first_permitted_port) return net::ListenError(address, EACCES);
  if (IsTaken(bound, group)) return net::ListenError(address, EADDRINUSE);
  return std::make_unique<Bound>(
      std::make_unique<Socket>(this, bound, group, static_cast<size_t>(options.backlog)));
}

std::unique_ptr<net::Acceptor> FakeNetwork::Accept(event::EventLoop* loop,
                                                   std::unique_ptr<net::BoundListener> bound,
                                                   net::Acceptor::Listener* listener) {
  Bound* const ours = dynamic_cast<Bound*>(bound.get());
  SIPCM_CHECK_MESSAGE(ours != nullptr, "bound by another network");
  return std::make_unique<Accepting>(this, loop, ours->TakeSocket(), listener);
}

std::unique_ptr<net::ConnectAttempt> FakeNetwork::Connect(
    event::EventLoop* loop, const net::SocketAddress& remote,
    const std::optional<net::IpAddress>& local, ConnectCallback done) {
  return std::make_unique<Attempt>(this, loop, remote, local, std::move(done));
}

absl::StatusOr<std::unique_ptr<MemoryStream>> FakeNetwork::ConnectPeer(
    event::EventLoop* loop, const net::SocketAddress& remote,
    const std::optional<net::SocketAddress>& from) {
  Socket* const socket = Find(remote);
  if (socket == nullptr || socket->full()) return net::ConnectError(remote, ECONNREFUSED);
  return MakeConnection(socket, loop, from.has_value() ? *from : LocalAddress(remote, {}), remote);
}

std::vector<MemoryStream*> FakeNetwork::streams() const {
  std::vector<MemoryStream*> found;
  for (const auto& [number, stream] : live_) found.push_back(stream);
  return found;
}

std::vector<MemoryStream*> FakeNetwork::StreamsAt(const net::SocketAddress& local) const {
  std::vector<MemoryStream*> found = streams();
  std::erase_if(found, [&](MemoryStream* stream) { return stream->local_address() != local; });
  return found;
}

absl::Duration FakeNetwork::Draw(absl::Duration least, absl::Duration most) {
  return least == most ? least : least + (most - least) * random_.NextFraction();
}

bool FakeNetwork::IsTaken(const net::SocketAddress& address, uint64_t allowed_group) const {
  return std::any_of(sockets_.begin(), sockets_.end(), [&](const Socket* socket) {
    return socket->group() != allowed_group && socket->address().port == address.port &&
           Overlap(socket->address().ip, address.ip);
  });
}

FakeNetwork::Socket* FakeNetwork::Find(const net::SocketAddress& remote) {
  // An exact address goes before "any", as in the kernel; within a group the connections spread.
  for (const bool exact : {true, false}) {
    std::vector<Socket*> found;
    for (Socket* socket : sockets_) {
      if (socket->address().port != remote.port) continue;
      if (exact ? socket->address().ip == remote.ip : Overlap(socket->address().ip, remote.ip)) {
        found.push_back(socket);
      }
    }
    if (found.size() == 1) return found.front();
    if (!found.empty()) return found[random_.Next() % found.size()];
  }
  return nullptr;
}

net::SocketAddress FakeNetwork::LocalAddress(const net::SocketAddress& remote,
                                             const std::optional<net::IpAddress>& local) {
  const uint16_t port = next_local_port_++;
  if (next_local_port_ == kFirstListenPort) next_local_port_ = kFirstLocalPort;
  if (local.has_value()) return {*local, port};
  if (remote.ip.is_loopback()) return {remote.ip, port};
  const bool is_ipv4 = remote.ip.family() == net::AddressFamily::kIpv4;
  return {is_ipv4 ? Ip("198.51.100.1") : Ip("2001:db8:ffff::1"), port};
}

std::unique_ptr<MemoryStream> FakeNetwork::MakeConnection(Socket* socket, event::EventLoop* loop,
                                                          const net::SocketAddress& local,
                                                          const net::SocketAddress& remote) {
  MemoryStream::Pair pair =
      MemoryStream::MakePair({loop, local}, {nullptr, remote}, options_.stream, &live_);
  socket->Enqueue(std::move(pair.second));
  return std::move(pair.first);
}

}  // namespace sipcm::fakes
