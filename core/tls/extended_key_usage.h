#ifndef SIPCM_CORE_TLS_EXTENDED_KEY_USAGE_H_
#define SIPCM_CORE_TLS_EXTENDED_KEY_USAGE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/tls/certificate.h"

namespace sipcm::tls {

// Which extended key usages a peer's own certificate must carry (semantics.md 6). A value.
class ExtendedKeyUsagePolicy {
 public:
  enum class Match : unsigned char { kAll, kAny };
  enum class Strictness : unsigned char {
    kAnyUsageSatisfies,  // anyExtendedKeyUsage in the certificate stands for every usage
    kStrict,             // it stands for itself only
  };

  // Requires nothing: every certificate satisfies it.
  ExtendedKeyUsagePolicy() = default;

  // `required`: serverAuth, clientAuth, sipDomain (RFC 5924), anyExtendedKeyUsage, or dotted OIDs.
  // INVALID_ARGUMENT with field "required[i]" for anything else. Duplicates count once.
  static absl::StatusOr<ExtendedKeyUsagePolicy> Create(absl::Span<const std::string> required,
                                                       Match match, Strictness strictness);

  // Empty when `certificate` satisfies the policy, else a sentence that says what is missing. An
  // absent extension satisfies every policy (RFC 5280 4.2.1.12).
  std::string Violation(const Certificate& certificate) const;

  const std::vector<std::string>& required() const { return required_; }  // dotted
  Match match() const { return match_; }
  Strictness strictness() const { return strictness_; }

 private:
  std::vector<std::string> required_;
  Match match_ = Match::kAll;
  Strictness strictness_ = Strictness::kAnyUsageSatisfies;
};

// "1.3.6.1.5.5.7.3.20" -> "sipDomain"; unknown ones stay as they are.
std::string ExtendedKeyUsageName(absl::string_view oid);

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_EXTENDED_KEY_USAGE_H_
