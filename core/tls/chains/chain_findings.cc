#include "core/tls/chains/chain_findings.h"

#include <openssl/x509.h>

#include <algorithm>
#include <utility>

#include "core/tls/openssl/asn1_time.h"

namespace sipcm::tls {
namespace {

// The first instant after `at` at which VerifyChain may come to another verdict.
absl::Time NextChange(const TrustBundle& bundle, const CertificateChain& chain, absl::Time at) {
  absl::Time next = bundle.NextChange(at);
  const auto consider = [&](const ASN1_TIME* time) {
    const absl::Time change = ReadAsn1Time(time, absl::InfiniteFuture());
    if (change > at) next = std::min(next, change);
  };
  for (const std::shared_ptr<x509_st>& x509 : chain.certificates()) {
    consider(X509_get0_notBefore(x509.get()));
    consider(X509_get0_notAfter(x509.get()));
  }
  return next;
}

}  // namespace

const ChainVerdict& ChainFindings::Ask(const std::shared_ptr<const TrustBundle>& bundle,
                                       const PeerPolicy& policy, const CertificateNames& names,
                                       ReadChain chain, absl::Time at) {
  auto known = std::find_if(findings_.begin(), findings_.end(), [&](const Finding& finding) {
    return finding.bundle.lock() == bundle && finding.name_check == policy.name_check &&
           finding.max_chain_length == policy.max_chain_length;
  });
  if (known != findings_.end() && known->from <= at && at < known->until) return known->verdict;
  const CertificateChain& read = chain();
  ++verification_count_;
  Finding finding{
      bundle,
      policy.name_check,
      policy.max_chain_length,
      at,
      NextChange(*bundle, read, at),
      VerifyChain(*bundle, read, names, policy.name_check, policy.max_chain_length, at)};
  if (known == findings_.end()) return findings_.emplace_back(std::move(finding)).verdict;
  *known = std::move(finding);
  return known->verdict;
}

}  // namespace sipcm::tls
