#ifndef SIPCM_CORE_NET_RESOLVER_H_
#define SIPCM_CORE_NET_RESOLVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "core/net/address.h"

namespace sipcm::net {

// A resolution under way; destroying it gives it up without a call.
class Resolution {
 public:
  virtual ~Resolution() = default;
};

// Turns a host name into addresses (A and AAAA; RFC 3263's NAPTR and SRV stand above this).
// One per loop. Thread: the loop's; it never blocks it.
class Resolver {
 public:
  // The addresses in the order to try them, at least one; or NOT_FOUND (reason DNS_NO_SUCH_NAME,
  // DNS_NO_ADDRESS), UNAVAILABLE (DNS_SERVER_FAILED), DEADLINE_EXCEEDED (DNS_TIMEOUT); each names
  // the host.
  using Callback = absl::AnyInvocable<void(absl::StatusOr<std::vector<IpAddress>>)>;

  virtual ~Resolver() = default;
  // `done` is called once, never from inside this call. Literal addresses are answered too.
  virtual std::unique_ptr<Resolution> Resolve(const std::string& host, Callback done) = 0;
};

}  // namespace sipcm::net

#endif  // SIPCM_CORE_NET_RESOLVER_H_
