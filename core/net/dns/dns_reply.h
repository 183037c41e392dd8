#ifndef SIPCM_CORE_NET_DNS_DNS_REPLY_H_
#define SIPCM_CORE_NET_DNS_DNS_REPLY_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/net/dns/dns_records.h"

namespace sipcm::net {

// The SRV and NAPTR records of one reply, whoever they belong to: the server has followed aliases.
struct DnsReply {
  static constexpr size_t kMaxRecords = 500;  // of each type; the rest is left out

  std::vector<ServiceRecord> services;
  std::vector<PointerRecord> pointers;
  // The shortest of the answer section, aliases included; zero without one.
  absl::Duration ttl;
  // Without an answer: how long that holds (RFC 2308 5), when the reply says so by a SOA record.
  std::optional<absl::Duration> negative_ttl;
};

// Reads a whole reply (RFC 1035 4). What comes is a stranger's: nullopt when it is cut off or lies
// about a length. A record whose name is no host name is left out.
std::optional<DnsReply> ParseDnsReply(absl::string_view reply);

}  // namespace sipcm::net

#endif  // SIPCM_CORE_NET_DNS_DNS_REPLY_H_
