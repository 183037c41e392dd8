#ifndef SIPCM_CORE_NET_DNS_DNS_RECORDS_H_
#define SIPCM_CORE_NET_DNS_DNS_RECORDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/net/address.h"

namespace sipcm::net {

// What can be asked of a name.
enum class RecordType : uint8_t {
  kAddress,  // A and AAAA
  kService,  // SRV, RFC 2782
  kPointer,  // NAPTR, RFC 3403
};

// SRV. `target`: lower case without the final dot; empty = ".": the service is not offered.
struct ServiceRecord {
  uint16_t priority = 0;
  uint16_t weight = 0;
  uint16_t port = 0;
  std::string target;
  friend bool operator==(const ServiceRecord&, const ServiceRecord&) = default;
};

// NAPTR without its regular expression, which RFC 3263 does not use. Flags and service as sent.
struct PointerRecord {
  uint16_t order = 0;
  uint16_t preference = 0;
  std::string flags;
  std::string service;
  std::string replacement;  // as ServiceRecord::target
  friend bool operator==(const PointerRecord&, const PointerRecord&) = default;
};

// The answer to one question: at least one record of the type asked for, or why there is none.
struct DnsAnswer {
  // NOT_FOUND: reason DNS_NO_SUCH_NAME, or DNS_NO_ADDRESS when the name exists and only the type
  // does not; UNAVAILABLE, DNS_SERVER_FAILED; DEADLINE_EXCEEDED, DNS_TIMEOUT. Names the host.
  absl::Status status;
  std::vector<IpAddress> addresses;  // IPv6 first; within a family as RFC 6724 sorts them
  std::vector<ServiceRecord> services;
  std::vector<PointerRecord> pointers;
  absl::Duration ttl;  // how long this answer holds, a bad one too; zero: do not keep it
};

}  // namespace sipcm::net

#endif  // SIPCM_CORE_NET_DNS_DNS_RECORDS_H_
