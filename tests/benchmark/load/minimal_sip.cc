#include "tests/benchmark/load/minimal_sip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "absl/strings/match.h"
#include "core/base/check.h"
#include "tests/benchmark/load/reply_reader.h"

namespace sipcm::load {
namespace {

constexpr int kBacklog = 4096;

}  // namespace

bool NextRequest(absl::string_view* bytes, RawRequest* request) {
  const void* const end = ::memmem(bytes->data(), bytes->size(), "\r\n\r\n", 4);
  if (end == nullptr) return false;
  const size_t head_size = static_cast<size_t>(static_cast<const char*>(end) - bytes->data()) + 2;
  const size_t size = head_size + 2 + ContentLengthOf(bytes->substr(0, head_size));
  if (bytes->size() < size) return false;
  *request = {bytes->substr(0, head_size), bytes->substr(0, size)};
  bytes->remove_prefix(size);
  return true;
}

void AppendAnswer(absl::string_view head, std::string* output) {
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

Listening ListenOnLoopback() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  SIPCM_CHECK(::bind(listener, generic, size) == 0 && ::listen(listener, kBacklog) == 0);
  SIPCM_CHECK(::getsockname(listener, generic, &size) == 0);
  return {listener, ntohs(address.sin_port)};
}

}  // namespace sipcm::load
