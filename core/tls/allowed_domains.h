#ifndef SIPCM_CORE_TLS_ALLOWED_DOMAINS_H_
#define SIPCM_CORE_TLS_ALLOWED_DOMAINS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/tls/allowed_domain_pattern.h"
#include "core/tls/certificate_names.h"
#include "core/tls/trust_bundle.h"

namespace sipcm::tls {

// One entry of a manager's list.
struct AllowedDomain {
  enum class Origin : unsigned char {
    kConfigured,
    kAuto,  // added for an outgoing mutual-TLS pool's host, goes away with the pool
  };

  AllowedDomainPattern pattern;
  Origin origin = Origin::kConfigured;
  // From this wall time on it matches nobody.
  absl::Time expire_time = absl::InfiniteFuture();
  // When set, it matches only peers whose chain leads to this bundle as well.
  std::shared_ptr<const TrustBundle> trust_bundle;
};

// A list of allowed domains as handshakes see it: immutable, indexed, shared by snapshots; any
// thread. An edit makes a new one. A match among 1,000 entries takes under a microsecond.
class AllowedDomains {
 public:
  // What matched: the first entry in list order that fits any of the names.
  struct Match {
    const AllowedDomain* entry = nullptr;  // lives as long as the list; null: none fits
    std::string name;                      // the certificate's name (or address) that fits
  };

  AllowedDomains() = default;  // empty
  explicit AllowedDomains(std::vector<AllowedDomain> entries);
  AllowedDomains(const AllowedDomains&) = delete;
  AllowedDomains& operator=(const AllowedDomains&) = delete;

  bool empty() const { return entries_.empty(); }
  const std::vector<AllowedDomain>& entries() const { return entries_; }
  // The entry of that very pattern, or null.
  const AllowedDomain* Find(const AllowedDomainPattern& pattern) const;

  // `now` is wall time. `admits` is asked about entries that fit by pattern and time: whether what
  // else they say (their bundle) holds for the peer.
  Match FindFirst(const CertificateNames& names, absl::Time now,
                  absl::FunctionRef<bool(const AllowedDomain&)> admits) const;
  // Does an entry fit a peer named `host` (a name, or an IP literal)? For kAuto entries: one that
  // is bound to a bundle counts, or else an outgoing connection would lift what was asked of the
  // host.
  bool Covers(absl::string_view host, absl::Time now) const;

 private:
  using Positions = absl::InlinedVector<uint32_t, 2>;  // into entries_, ascending
  using Index = absl::flat_hash_map<std::string, Positions>;

  std::vector<AllowedDomain> entries_;
  Index hosts_;
  Index suffixes_;  // without the leading dot
  absl::flat_hash_map<net::IpAddress, Positions> addresses_;
  int most_suffix_labels_ = 0;
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_ALLOWED_DOMAINS_H_
