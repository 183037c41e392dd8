#ifndef SIPCM_CORE_NET_DNS_RESOLVER_H_
#define SIPCM_CORE_NET_DNS_RESOLVER_H_

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "core/net/dns/dns_records.h"

namespace sipcm::net {

// A question under way; destroying it gives it up without a call.
class Resolution {
 public:
  virtual ~Resolution() = default;
};

// Asks DNS one question; what is asked for a SIP destination is decided above (core/net/location).
// One per loop. Thread: the loop's; it never blocks it.
class Resolver {
 public:
  using Callback = absl::AnyInvocable<void(const DnsAnswer&)>;

  virtual ~Resolver() = default;
  // `done` is called once, never from inside this call; it may destroy the resolution. kAddress
  // also answers literal addresses, and names of /etc/hosts.
  virtual std::unique_ptr<Resolution> Resolve(RecordType type, const std::string& name,
                                              Callback done) = 0;
};

}  // namespace sipcm::net

#endif  // SIPCM_CORE_NET_DNS_RESOLVER_H_
