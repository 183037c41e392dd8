#ifndef SIPCM_TESTS_FAKES_DNS_DNS_ZONE_H_
#define SIPCM_TESTS_FAKES_DNS_DNS_ZONE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/net/dns/dns_records.h"

namespace sipcm::fakes {

// What one name answers.
struct DnsEntry {
  enum class Code : uint8_t { kNoError = 0, kServerFailure = 2, kNoSuchName = 3, kRefused = 5 };
  Code code = Code::kNoError;
  std::vector<std::string> ipv4;
  std::vector<std::string> ipv6;
  std::vector<net::ServiceRecord> services;
  std::vector<net::PointerRecord> pointers;
  std::string alias;  // a CNAME; its own entry is followed when there is one, else this one goes on
  bool silent = false;
  bool silent_on_ipv6 = false;
  uint32_t ttl = 60;
  std::optional<uint32_t> negative_ttl;  // in a SOA record, when nothing is found
};

// Names and what DNS says of them; a name that is not in it is NXDOMAIN. Makes whole replies, with
// no compression. A value.
class DnsZone {
 public:
  // Lower case, no final dot.
  void Set(const std::string& name, const DnsEntry& entry) { entries_[name] = entry; }
  // To a query of one question (RFC 1035 4.1), cut to `limit` bytes with the bit that says so;
  // empty: silence. Appends "A name", "AAAA name", "SRV name" or "NAPTR name" to `asked`.
  std::string Reply(absl::string_view query, size_t limit, std::vector<std::string>* asked) const;

 private:
  std::map<std::string, DnsEntry> entries_;
};

}  // namespace sipcm::fakes

#endif  // SIPCM_TESTS_FAKES_DNS_DNS_ZONE_H_
