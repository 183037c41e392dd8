#include "core/tls/server_names.h"

#include <utility>

#include "absl/strings/match.h"
#include "core/tls/domain_name.h"

namespace sipcm::tls {

void ServerNames::Add(const Certificate& leaf, size_t index) {
  for (const std::string& name : leaf.dns_names) AddName(name, index);
  if (leaf.dns_names.empty()) AddName(leaf.common_name, index);
}

void ServerNames::AddName(absl::string_view name, size_t index) {
  const bool is_wildcard = absl::StartsWith(name, "*.");
  std::optional<std::string> domain = UsableCertificateDomain(is_wildcard ? name.substr(2) : name);
  // "*.com" would cover half of the world: no authority may issue it (CA/Browser Forum 3.2.2.6).
  if (!domain.has_value() || (is_wildcard && !absl::StrContains(*domain, '.'))) return;
  (is_wildcard ? wildcards_ : names_).emplace(*std::move(domain), index);
}

std::optional<size_t> ServerNames::Find(absl::string_view asked) const {
  const std::optional<std::string> domain = UsableCertificateDomain(asked);
  if (!domain.has_value()) return std::nullopt;
  if (const auto exact = names_.find(*domain); exact != names_.end()) return exact->second;
  const size_t dot = domain->find('.');
  if (dot == std::string::npos) return std::nullopt;
  const auto wildcard = wildcards_.find(absl::string_view(*domain).substr(dot + 1));
  if (wildcard == wildcards_.end()) return std::nullopt;
  return wildcard->second;
}

}  // namespace sipcm::tls
