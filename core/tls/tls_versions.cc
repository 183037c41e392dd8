#include "core/tls/tls_versions.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace sipcm::tls {

TlsVersions TlsVersions::Of(const Credential* credential, const PeerPolicy* policy,
                            uint64_t generation) {
  TlsVersions versions;
  versions.generation = generation;
  if (credential != nullptr) versions.credential = {credential->name(), credential->version()};
  if (policy == nullptr) return versions;
  const auto add = [&](const TrustBundle* bundle) {
    if (bundle == nullptr || versions.HasOther(bundle->name(), "")) return;
    versions.trust_bundles.push_back({bundle->name(), bundle->version()});
  };
  add(policy->trust_bundle.get());
  if (policy->allowed_domains != nullptr) {
    for (const AllowedDomain& domain : policy->allowed_domains->entries()) {
      add(domain.trust_bundle.get());
    }
  }
  return versions;
}

std::string TlsVersions::CredentialText() const {
  return credential.name.empty() ? "" : absl::StrCat(credential.name, "@", credential.version);
}

bool TlsVersions::HasOther(absl::string_view object, absl::string_view version) const {
  const auto is_other = [&](const Object& mine) {
    return mine.name == object && mine.version != version;
  };
  return is_other(credential) || std::any_of(trust_bundles.begin(), trust_bundles.end(), is_other);
}

}  // namespace sipcm::tls
