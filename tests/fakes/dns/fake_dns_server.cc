#include "tests/fakes/dns/fake_dns_server.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/net/socket/native_address.h"

namespace sipcm::fakes {
namespace {

constexpr size_t kLongestDatagram = 512;  // RFC 1035 4.2.1
constexpr size_t kLongestReply = 65535;
constexpr int kFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;

}  // namespace

// Listens for TCP and serves one connection at a time: accept, read a query, answer, close.
class FakeDnsServer::Caller final : private event::FdListener {
 public:
  Caller(FakeDnsServer* server, event::FdLoop* loop, net::FileDescriptor listener)
      : server_(server), loop_(loop), listener_(std::move(listener)) {
    SIPCM_CHECK(listen(listener_.get(), 16) == 0);
    Watch(listener_);
  }

 private:
  void Watch(const net::FileDescriptor& descriptor) {
    watch_ = nullptr;
    watch_ = loop_->WatchFd(descriptor.get(), this);
    watch_->SetInterest(true, false);
  }
  void OnFdReadable() override {
    if (stream_.get() < 0) {
      stream_ = net::FileDescriptor(accept4(listener_.get(), nullptr, nullptr, kFlags));
      if (stream_.get() >= 0) Watch(stream_);
      return;
    }
    char buffer[1500];
    const ssize_t size = recv(stream_.get(), buffer, sizeof(buffer), 0);
    if (size > 2) {
      const absl::string_view query(buffer + 2, static_cast<size_t>(size) - 2);
      const std::string reply = server_->zone_.Reply(query, kLongestReply, &server_->questions_);
      const std::string framed = absl::StrCat(std::string({static_cast<char>(reply.size() >> 8),
                                                           static_cast<char>(reply.size() & 0xff)}),
                                              reply);
      static_cast<void>(send(stream_.get(), framed.data(), framed.size(), MSG_NOSIGNAL));
      return;  // until the client closes
    }
    watch_ = nullptr;
    stream_ = net::FileDescriptor();
    Watch(listener_);
  }
  void OnFdWritable() override {}

  FakeDnsServer* const server_;
  event::FdLoop* const loop_;
  net::FileDescriptor listener_;
  net::FileDescriptor stream_;
  std::unique_ptr<event::FdWatch> watch_;
};

FakeDnsServer::FakeDnsServer(event::FdLoop* loop) {
  // A port that is free for both; another test may have one of them.
  net::FileDescriptor listener;
  const net::NativeAddress any(*net::SocketAddress::Parse("127.0.0.1:0"));
  for (bool has_both = false; !has_both;) {
    datagrams_ = net::FileDescriptor(socket(AF_INET, SOCK_DGRAM | kFlags, 0));
    SIPCM_CHECK(bind(datagrams_.get(), any.data(), any.size()) == 0);
    address_ = *net::NativeAddress::OfSocket(datagrams_.get());
    const net::NativeAddress same(address_);
    listener = net::FileDescriptor(socket(AF_INET, SOCK_STREAM | kFlags, 0));
    has_both = bind(listener.get(), same.data(), same.size()) == 0;
  }
  watch_ = loop->WatchFd(datagrams_.get(), this);
  watch_->SetInterest(true, false);
  caller_ = std::make_unique<Caller>(this, loop, std::move(listener));
}

FakeDnsServer::~FakeDnsServer() = default;

void FakeDnsServer::OnFdReadable() {
  char buffer[1500];
  net::NativeAddress from;
  const ssize_t size =
      recvfrom(datagrams_.get(), buffer, sizeof(buffer), 0, from.data(), from.size_pointer());
  if (size < 12) return;
  const std::string reply = zone_.Reply(absl::string_view(buffer, static_cast<size_t>(size)),
                                        kLongestDatagram, &questions_);
  if (reply.empty()) return;
  static_cast<void>(
      sendto(datagrams_.get(), reply.data(), reply.size(), 0, from.data(), from.size()));
}

}  // namespace sipcm::fakes
