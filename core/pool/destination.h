#ifndef SIPCM_CORE_POOL_DESTINATION_H_
#define SIPCM_CORE_POOL_DESTINATION_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "core/connection/connection_settings.h"
#include "core/net/address.h"

namespace sipcm::pool {

// The pool key (semantics.md 4): two names for one address are two destinations, and so are a name
// with a port and the same name alone, which DNS may send elsewhere (RFC 3263 4.2). A value; equal
// and hashed by content. Make it with Normalized() so that hosts compare without case.
struct Destination {
  enum class Location : uint8_t {
    kAddress,  // a literal address, or a name with a port: A and AAAA
    kService,  // a name alone: NAPTR and SRV; `port` is where it is when DNS says no more
  };
  std::string host;  // lower case, one trailing dot dropped; IPv6 without brackets
  uint16_t port = 0;
  Location location = Location::kAddress;
  connection::Transport transport = connection::Transport::kTcp;
  std::string tls_name;  // the name checked and sent as SNI; empty = host; always empty over TCP
  std::optional<net::IpAddress> local_address;
  // Of the one endpoint whose flow it is (semantics.md 2, DEDICATED); empty: shared. Not in
  // PoolId(): such a pool has no name of its own.
  std::string dedicated_to;

  bool is_dedicated() const { return !dedicated_to.empty(); }
  // Port 0 becomes 5060 (TCP) or 5061 (TLS), and of a name kService; a literal address its one
  // spelling. INVALID_ARGUMENT naming "host" (or "tls_name") when it is empty, too long (255; a
  // label 63), has an empty label or a character that no host name or literal has, or looks like an
  // IPv4 literal and is none.
  static absl::StatusOr<Destination> Normalized(Destination raw);

  // "tcp:example.com:5060", "tls:[2001:db8::1]:5061": the id of the pool in resource names. What is
  // beyond the three follows, so that no two destinations share an id: "tcp:example.com:5060;srv"
  // for a name alone, "tls:10.0.0.7:5061;tls_name=edge.example.com;local=192.0.2.1".
  std::string PoolId() const;
  // The reverse, for a pool that is named before it exists: only what PoolId() of a normalized
  // destination prints. INVALID_ARGUMENT otherwise, with no field.
  static absl::StatusOr<Destination> ParsePoolId(absl::string_view pool_id);

  friend bool operator==(const Destination&, const Destination&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Destination& d) {
    return H::combine(std::move(h), d.host, d.port, d.location, d.transport, d.tls_name,
                      d.dedicated_to, d.local_address.has_value(),
                      d.local_address.value_or(net::IpAddress()));
  }
};

}  // namespace sipcm::pool

#endif  // SIPCM_CORE_POOL_DESTINATION_H_
