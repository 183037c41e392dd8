#ifndef SIPCM_TESTS_CORE_TLS_TLS_FIXTURE_H_
#define SIPCM_TESTS_CORE_TLS_TLS_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "core/base/check.h"
#include "core/tls/allowed_domains.h"
#include "core/tls/certificate_chain.h"
#include "core/tls/credential.h"
#include "core/tls/peer_policy.h"
#include "core/tls/trust_bundle.h"
#include "tests/pki/certificate_authority.h"

namespace sipcm::tls {

// The hour at which the tests judge: that of fakes::ManualClock.
inline absl::Time TestNow() { return absl::FromUnixSeconds(1'780'000'000); }

inline std::shared_ptr<const TrustBundle> Trusting(const pki::CertificateAuthority& authority,
                                                   const std::string& crls = "",
                                                   CrlCheck check = CrlCheck::kLeafIfAny,
                                                   StaleCrl stale = StaleCrl::kRefuse) {
  auto bundle = TrustBundle::FromPem("trustBundles/test", "1", authority.certificate_pem(), crls,
                                     check, stale);
  SIPCM_CHECK(bundle.ok());
  return *std::move(bundle);
}

inline std::shared_ptr<const AllowedDomains> Allowing(const std::vector<std::string>& patterns) {
  std::vector<AllowedDomain> entries;
  for (const std::string& text : patterns) {
    auto pattern = AllowedDomainPattern::Parse(text);
    SIPCM_CHECK(pattern.ok());
    entries.push_back(
        {*std::move(pattern), AllowedDomain::Origin::kConfigured, absl::InfiniteFuture(), nullptr});
  }
  return std::make_shared<AllowedDomains>(std::move(entries));
}

inline PeerPolicy PolicyOf(std::shared_ptr<const TrustBundle> bundle,
                           const std::vector<std::string>& allowed = {}) {
  PeerPolicy policy;
  policy.trust_bundle = std::move(bundle);
  policy.allowed_domains = Allowing(allowed);
  return policy;
}

inline std::shared_ptr<const Credential> CredentialOf(const pki::IssuedCertificate& issued) {
  auto credential = Credential::FromPem("certificates/test", "1", issued.chain_pem,
                                        issued.private_key_pem, TestNow());
  SIPCM_CHECK_MESSAGE(credential.ok(), credential.status().ToString().c_str());
  return *std::move(credential);
}

inline CertificateChain ChainOf(const std::string& pem) {
  auto chain = CertificateChain::ParsePem(pem);
  SIPCM_CHECK(chain.ok());
  return *std::move(chain);
}

}  // namespace sipcm::tls

#endif  // SIPCM_TESTS_CORE_TLS_TLS_FIXTURE_H_
