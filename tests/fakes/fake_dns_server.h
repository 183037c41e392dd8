#ifndef SIPCM_TESTS_FAKES_FAKE_DNS_SERVER_H_
#define SIPCM_TESTS_FAKES_FAKE_DNS_SERVER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/event/fd_loop.h"
#include "core/net/address.h"
#include "core/net/socket/file_descriptor.h"

namespace sipcm::fakes {

// A DNS server on a UDP port of 127.0.0.1 that answers A and AAAA questions from a table; a name
// that is not in it is NXDOMAIN. Thread: its loop's.
class FakeDnsServer final : private event::FdListener {
 public:
  enum class Code : uint8_t { kNoError = 0, kServerFailure = 2, kNoSuchName = 3, kRefused = 5 };
  struct Entry {
    Code code = Code::kNoError;
    std::vector<std::string> ipv4;
    std::vector<std::string> ipv6;
    bool silent = false;
    std::string alias;  // a CNAME to this name goes before the addresses
  };

  explicit FakeDnsServer(event::FdLoop* loop);

  // "127.0.0.1:port".
  std::string address() const { return address_.ToString(); }
  // Lower case, no final dot.
  void Set(const std::string& name, const Entry& entry) { entries_[name] = entry; }
  // Questions that came, as "A name" or "AAAA name".
  const std::vector<std::string>& questions() const { return questions_; }

 private:
  void OnFdReadable() override;
  void OnFdWritable() override {}
  std::string Reply(absl::string_view query);

  net::FileDescriptor socket_;
  net::SocketAddress address_;
  std::map<std::string, Entry> entries_;
  std::vector<std::string> questions_;
  std::unique_ptr<event::FdWatch> watch_;
};

}  // namespace sipcm::fakes

#endif  // SIPCM_TESTS_FAKES_FAKE_DNS_SERVER_H_
