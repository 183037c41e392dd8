#ifndef SIPCM_TESTS_FAKES_DNS_FAKE_DNS_SERVER_H_
#define SIPCM_TESTS_FAKES_DNS_FAKE_DNS_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "core/event/fd_loop.h"
#include "core/net/address.h"
#include "core/net/socket/file_descriptor.h"
#include "tests/fakes/dns/dns_zone.h"

namespace sipcm::fakes {

// A DNS server on one port of 127.0.0.1, UDP for replies up to 512 bytes and TCP for longer ones,
// that answers from a zone. Thread: its loop's.
class FakeDnsServer final : private event::FdListener {
 public:
  using Entry = DnsEntry;
  using Code = DnsEntry::Code;

  explicit FakeDnsServer(event::FdLoop* loop);
  ~FakeDnsServer();

  // "127.0.0.1:port".
  std::string address() const { return address_.ToString(); }
  // Lower case, no final dot. For questions from now on.
  void Set(const std::string& name, const Entry& entry) { zone_.Set(name, entry); }
  // Questions that came, as "A name", "AAAA name", "SRV name" or "NAPTR name".
  const std::vector<std::string>& questions() const { return questions_; }

 private:
  class Caller;

  void OnFdReadable() override;
  void OnFdWritable() override {}

  DnsZone zone_;
  std::vector<std::string> questions_;
  net::FileDescriptor datagrams_;
  net::SocketAddress address_;
  std::unique_ptr<event::FdWatch> watch_;
  std::unique_ptr<Caller> caller_;
};

}  // namespace sipcm::fakes

#endif  // SIPCM_TESTS_FAKES_DNS_FAKE_DNS_SERVER_H_
