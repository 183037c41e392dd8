#include "core/tls/extended_key_usage.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"

namespace sipcm::tls {
namespace {

constexpr absl::string_view kAnyExtendedKeyUsage = "2.5.29.37.0";

struct NamedUsage {
  absl::string_view name;
  absl::string_view oid;
};
constexpr NamedUsage kNamedUsages[] = {
    {"serverAuth", "1.3.6.1.5.5.7.3.1"},
    {"clientAuth", "1.3.6.1.5.5.7.3.2"},
    {"sipDomain", "1.3.6.1.5.5.7.3.20"},
    {"anyExtendedKeyUsage", kAnyExtendedKeyUsage},
};

// Dotted decimal, at least two arcs, no leading zeros.
bool IsDottedOid(absl::string_view text) {
  bool arc_is_empty = true;
  bool arc_is_zero = false;
  int arcs = 1;
  for (const char c : text) {
    if (c == '.') {
      if (arc_is_empty) return false;
      ++arcs;
      arc_is_empty = true;
      arc_is_zero = false;
      continue;
    }
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c)) || arc_is_zero) return false;
    arc_is_zero = arc_is_empty && c == '0';
    arc_is_empty = false;
  }
  return arcs >= 2 && !arc_is_empty && text[0] >= '0' && text[0] <= '2' && text[1] == '.';
}

std::string ShowUsages(const std::vector<std::string>& oids) {
  return absl::StrJoin(oids, ", ", [](std::string* out, const std::string& oid) {
    absl::StrAppend(out, ExtendedKeyUsageName(oid));
  });
}

}  // namespace

std::string ExtendedKeyUsageName(absl::string_view oid) {
  for (const NamedUsage& usage : kNamedUsages) {
    if (usage.oid == oid) return std::string(usage.name);
  }
  return std::string(oid);
}

absl::StatusOr<ExtendedKeyUsagePolicy> ExtendedKeyUsagePolicy::Create(
    absl::Span<const std::string> required, Match match, Strictness strictness) {
  ExtendedKeyUsagePolicy policy;
  policy.match_ = match;
  policy.strictness_ = strictness;
  for (size_t i = 0; i < required.size(); ++i) {
    const auto* named = std::find_if(
        std::begin(kNamedUsages), std::end(kNamedUsages),
        [&](const NamedUsage& usage) { return absl::EqualsIgnoreCase(usage.name, required[i]); });
    std::string oid = required[i];
    if (named != std::end(kNamedUsages)) {
      oid = std::string(named->oid);
    } else if (!IsDottedOid(oid)) {
      return InvalidField(
          absl::StrCat("required[", i, "]"),
          absl::StrCat("\"", absl::CHexEscape(oid),
                       "\" is no extended key usage; give serverAuth, clientAuth, sipDomain, "
                       "anyExtendedKeyUsage or a dotted OID such as 1.3.6.1.5.5.7.3.20"));
    }
    if (std::find(policy.required_.begin(), policy.required_.end(), oid) ==
        policy.required_.end()) {
      policy.required_.push_back(std::move(oid));
    }
  }
  return policy;
}

std::string ExtendedKeyUsagePolicy::Violation(const Certificate& certificate) const {
  if (required_.empty() || !certificate.has_extended_key_usage) return "";
  const std::vector<std::string>& has = certificate.extended_key_usages;
  const auto carries = [&](absl::string_view oid) {
    return std::find(has.begin(), has.end(), oid) != has.end();
  };
  if (strictness_ == Strictness::kAnyUsageSatisfies && carries(kAnyExtendedKeyUsage)) return "";
  std::vector<std::string> missing;
  for (const std::string& oid : required_) {
    if (!carries(oid)) missing.push_back(oid);
  }
  if (missing.empty()) return "";
  if (match_ == Match::kAny && missing.size() < required_.size()) return "";
  return absl::StrCat("its extended key usages are [", ShowUsages(has), "], required is ",
                      match_ == Match::kAny ? "one of [" : "all of [", ShowUsages(required_), "]",
                      strictness_ == Strictness::kStrict && carries(kAnyExtendedKeyUsage)
                          ? " (strict: anyExtendedKeyUsage does not stand for them)"
                          : "");
}

}  // namespace sipcm::tls
