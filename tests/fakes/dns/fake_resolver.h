#ifndef SIPCM_TESTS_FAKES_DNS_FAKE_RESOLVER_H_
#define SIPCM_TESTS_FAKES_DNS_FAKE_RESOLVER_H_

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "core/event/event_loop.h"
#include "core/net/address.h"
#include "core/net/dns/resolver.h"

namespace sipcm::fakes {

// Answers from a table, after a delay in the loop's time. What is not in it does not exist
// (NOT_FOUND, DNS_NO_SUCH_NAME); literal addresses answer themselves. Names are compared without
// regard to case. Outlives its resolutions.
class FakeResolver final : public net::Resolver {
 public:
  explicit FakeResolver(event::EventLoop* loop) : loop_(loop) {}
  ~FakeResolver() override;

  // For questions from now on.
  void SetAddresses(const std::string& host, const std::vector<std::string>& addresses);
  void SetServices(const std::string& name, std::vector<net::ServiceRecord> services);
  void SetPointers(const std::string& name, std::vector<net::PointerRecord> pointers);
  // Whatever is asked of the name: fails, or never answers.
  void SetError(const std::string& name, const absl::Status& error);
  void SetSilent(const std::string& name);
  void Forget(const std::string& name);
  void set_delay(absl::Duration delay) { delay_ = delay; }
  // Of all answers, bad ones too.
  void set_ttl(absl::Duration ttl) { ttl_ = ttl; }

  std::unique_ptr<net::Resolution> Resolve(net::RecordType type, const std::string& name,
                                           Callback done) override;

  // Questions so far, in order, as "sip.example.net" (addresses), "SRV _sip._tcp.example.net" or
  // "NAPTR example.net"; and answers under way.
  const std::vector<std::string>& questions() const { return questions_; }
  size_t pending_count() const { return pending_count_; }

 private:
  class Pending;

  net::DnsAnswer Find(net::RecordType type, const std::string& name) const;

  event::EventLoop* const loop_;
  absl::Duration delay_;
  absl::Duration ttl_ = absl::Minutes(1);
  std::map<std::pair<net::RecordType, std::string>, net::DnsAnswer> records_;
  std::map<std::string, absl::Status> errors_;
  std::set<std::string> silent_;
  std::vector<std::string> questions_;
  size_t pending_count_ = 0;
};

}  // namespace sipcm::fakes

#endif  // SIPCM_TESTS_FAKES_DNS_FAKE_RESOLVER_H_
