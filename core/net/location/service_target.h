#ifndef SIPCM_CORE_NET_LOCATION_SERVICE_TARGET_H_
#define SIPCM_CORE_NET_LOCATION_SERVICE_TARGET_H_

#include <cstdint>
#include <string>

#include "core/net/address.h"

namespace sipcm::net {

// One address that a SIP service was located at, with what its SRV record said; without SRV both
// numbers are 0. A value.
struct ServiceTarget {
  SocketAddress address;
  uint16_t priority = 0;  // lower first; the next only when all of this one failed
  uint16_t weight = 0;

  friend bool operator==(const ServiceTarget&, const ServiceTarget&) = default;
  friend auto operator<=>(const ServiceTarget&, const ServiceTarget&) = default;
};

// What is looked for (RFC 3263 4.2).
struct ServiceQuery {
  enum class Service : uint8_t { kSip, kSips };  // over TCP; over TLS
  enum class Steps : uint8_t {
    kAddresses,  // a port or a literal address was given: A and AAAA only
    kService,    // a name alone: NAPTR, SRV, then A and AAAA
  };
  std::string host;
  uint16_t port = 0;  // given, or where the service is when SRV does not say
  Service service = Service::kSip;
  Steps steps = Steps::kAddresses;
};

}  // namespace sipcm::net

#endif  // SIPCM_CORE_NET_LOCATION_SERVICE_TARGET_H_
