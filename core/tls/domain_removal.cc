#include "core/tls/domain_removal.h"

#include <utility>

#include "absl/status/statusor.h"
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
