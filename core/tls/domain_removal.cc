#include "core/tls/domain_removal.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/tls/certificate.h"
#include "core/tls/certificate_names.h"
#include "core/tls/peer_verifier.h"

namespace sipcm::tls {
namespace {

std::vector<AllowedDomain> Unlimited(std::vector<AllowedDomain> entries) {
  for (AllowedDomain& entry : entries) entry.expire_time = absl::InfiniteFuture();
  return entries;
}

}  // namespace

DomainRemoval::DomainRemoval(std::vector<AllowedDomain> removed)
    : removed_(Unlimited(std::move(removed))) {}

// A name that an entry fits holds the entry's text; the common name stands within the subject.
bool DomainRemoval::MayConcern(const PeerIdentity& peer) const {
  std::string names =
      absl::StrCat(peer.subject, " ", absl::StrJoin(peer.dns_names, " "), " ",
                   absl::StrJoin(peer.uri_names, " "), " ", absl::StrJoin(peer.ip_addresses, " "));
  absl::AsciiStrToLower(&names);
  const std::vector<AllowedDomain>& entries = removed_.entries();
  return std::any_of(entries.begin(), entries.end(), [&](const AllowedDomain& entry) {
    return absl::StrContains(names, entry.pattern.text());
  });
}

bool DomainRemoval::Concerns(const PeerPolicy& policy, const CertificateChain& chain,
                             absl::Time at) const {
  if (chain.empty()) return true;
  const absl::StatusOr<Certificate> leaf = Certificate::FromX509(*chain.certificates().front());
  if (!leaf.ok()) return true;
  const AllowedDomains::Match fits =
      removed_.FindFirst(CertificateNames::Of(*leaf, policy.name_check), at,
                         [](const AllowedDomain&) { return true; });
  return fits.entry != nullptr && !JudgeAllowedDomains(policy, chain, *leaf, at).allowed();
}

}  // namespace sipcm::tls
