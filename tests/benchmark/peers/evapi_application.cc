// The application behind Kamailio's evapi: takes what its script sends about each request, in
// netstrings ("5:hello,"), and answers each with the first word of it, which names the transaction.
//   evapi_application PORT    serves until its standard input ends

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/check.h"

namespace sipcm::load {
namespace {

int Connect(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    return descriptor;
  }
  ::close(descriptor);
  return -1;
}

// Answers the whole netstrings in `input` and takes them out of it.
void Answer(std::string* input, std::string* output) {
  absl::string_view rest = *input;
  while (true) {
    const size_t colon = rest.find(':');
    size_t size = 0;
    if (colon == absl::string_view::npos || !absl::SimpleAtoi(rest.substr(0, colon), &size)) break;
    if (rest.size() < colon + 1 + size + 1) break;
    const absl::string_view text = rest.substr(colon + 1, size);
    const absl::string_view transaction = text.substr(0, text.find('\n'));
    absl::StrAppend(output, transaction.size(), ":", transaction, ",");
    rest.remove_prefix(colon + 1 + size + 1);
  }
  input->erase(0, input->size() - rest.size());
}

int Run(int port) {
  const int descriptor = Connect(port);
  if (descriptor < 0) {
    std::fprintf(stderr, "nobody listens on port %d\n", port);
    return 1;
  }
  std::puts("connected");
  std::fflush(stdout);
  std::string input;
  std::string output;
  std::array<char, 64 * 1024> buffer;
  std::array<pollfd, 2> watched = {{{descriptor, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}}};
  while (::poll(watched.data(), watched.size(), -1) >= 0 && watched[1].revents == 0) {
    const ssize_t count = ::recv(descriptor, buffer.data(), buffer.size(), 0);
    if (count <= 0) return 1;
    input.append(buffer.data(), static_cast<size_t>(count));
    output.clear();
    Answer(&input, &output);
    for (size_t sent = 0; sent < output.size();) {
      const ssize_t step = ::send(descriptor, output.data() + sent, output.size() - sent, 0);
      if (step < 0) return 1;
      sent += static_cast<size_t>(step);
    }
  }
  return 0;
}

}  // namespace
}  // namespace sipcm::load

int main(int argc, char** argv) {
  int port = 0;
  if (argc != 2 || !absl::SimpleAtoi(argv[1], &port)) {
    std::fprintf(stderr, "usage: evapi_application PORT\n");
    return 2;
  }
  return sipcm::load::Run(port);
}
