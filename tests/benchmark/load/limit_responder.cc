// The least that a SIP server can do: one thread, epoll, frames requests and answers each with 200
// and copies of its Via, From, To, Call-ID and CSeq. No parsing beyond line starts, no limits, no
// timers, no checks: what the machine allows, as a measure for what sipcm does.
//
//   limit_responder    prints its port, serves 127.0.0.1 until its standard input ends

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <string>
#include <unordered_map>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "core/base/check.h"
#include "tests/benchmark/load/reply_reader.h"

namespace sipcm::load {
namespace {

constexpr size_t kReadSize = 64 * 1024;
constexpr int kBacklog = 4096;

// Appends the answer to the request whose start line and headers are `head`.
void Answer(absl::string_view head, std::string* output) {
  output->append("SIP/2.0 200 OK\r\n");
  while (!head.empty()) {
    const size_t end = head.find('\n');
    const absl::string_view line = head.substr(0, end + 1);
    head.remove_prefix(line.size());
    if (absl::StartsWith(line, "Via:") || absl::StartsWith(line, "From:") ||
        absl::StartsWith(line, "Call-ID:") || absl::StartsWith(line, "CSeq:")) {
      output->append(line.data(), line.size());
    } else if (absl::StartsWith(line, "To:")) {
      output->append(line.data(), line.size() - 2);
      output->append(";tag=limit\r\n");
    }
  }
  output->append("Content-Length: 0\r\n\r\n");
}

class LimitResponder {
 public:
  LimitResponder();
  int port() const { return port_; }
  void ServeUntilInputEnds();

 private:
  void Watch(int descriptor);
  void Accept();
  void Serve(int descriptor);

  const int listener_;
  const int epoll_;
  int port_ = 0;
  std::array<char, kReadSize> buffer_;
  std::unordered_map<int, std::string> rests_;  // partial messages, by descriptor
  std::string output_;
};

LimitResponder::LimitResponder()
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)), epoll_(::epoll_create1(0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  SIPCM_CHECK(::bind(listener_, generic, size) == 0 && ::listen(listener_, kBacklog) == 0);
  SIPCM_CHECK(::getsockname(listener_, generic, &size) == 0);
  port_ = ntohs(address.sin_port);
  Watch(listener_);
  Watch(STDIN_FILENO);
}

void LimitResponder::Watch(int descriptor) {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.fd = descriptor;
  SIPCM_CHECK(::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0);
}

void LimitResponder::Accept() {
  while (true) {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
    if (descriptor < 0) return;
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    Watch(descriptor);
  }
}

void LimitResponder::Serve(int descriptor) {
  const ssize_t count = ::recv(descriptor, buffer_.data(), buffer_.size(), 0);
  if (count <= 0) {
    rests_.erase(descriptor);
    ::close(descriptor);
    return;
  }
  absl::string_view bytes(buffer_.data(), static_cast<size_t>(count));
  std::string joined;
  if (const auto rest = rests_.find(descriptor); rest != rests_.end()) {
    joined = std::move(rest->second);
    joined.append(bytes.data(), bytes.size());
    bytes = joined;
    rests_.erase(rest);
  }
  output_.clear();
  while (true) {
    const void* const end = ::memmem(bytes.data(), bytes.size(), "\r\n\r\n", 4);
    if (end == nullptr) break;
    const size_t head_size = static_cast<size_t>(static_cast<const char*>(end) - bytes.data()) + 2;
    const size_t size = head_size + 2 + ContentLengthOf(bytes.substr(0, head_size));
    if (bytes.size() < size) break;
    Answer(bytes.substr(0, head_size), &output_);
    bytes.remove_prefix(size);
  }
  if (!bytes.empty()) rests_[descriptor] = std::string(bytes);
  // A window of replies always fits into the socket's buffer.
  const ssize_t sent = ::send(descriptor, output_.data(), output_.size(), MSG_NOSIGNAL);
  SIPCM_CHECK(sent < 0 || static_cast<size_t>(sent) == output_.size());
}

void LimitResponder::ServeUntilInputEnds() {
  std::array<epoll_event, 256> events;
  while (true) {
    const int count = ::epoll_wait(epoll_, events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      const int descriptor = events[i].data.fd;
      if (descriptor == STDIN_FILENO) return;
      if (descriptor == listener_) {
        Accept();
      } else {
        Serve(descriptor);
      }
    }
  }
}

}  // namespace
}  // namespace sipcm::load

int main() {
  sipcm::load::LimitResponder responder;
  std::printf("%d\n", responder.port());
  std::fflush(stdout);
  responder.ServeUntilInputEnds();
  return 0;
}
