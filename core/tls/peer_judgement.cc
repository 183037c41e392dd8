#include "core/tls/peer_judgement.h"

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/tls/certificate_chain.h"
#include "core/tls/openssl/handle.h"

namespace sipcm::tls {
namespace {

// OpenSSL's error that leads to the alert of AlertOfRefusal().
int StoreErrorOf(PeerRefusal refusal) {
  switch (refusal) {
    case PeerRefusal::kUntrustedChain:
      return X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
    case PeerRefusal::kChainTooLong:
      return X509_V_ERR_CERT_CHAIN_TOO_LONG;
    case PeerRefusal::kExpired:
      return X509_V_ERR_CERT_HAS_EXPIRED;
    case PeerRefusal::kRevoked:
      return X509_V_ERR_CERT_REVOKED;
    case PeerRefusal::kWrongKeyUsage:
      return X509_V_ERR_INVALID_PURPOSE;
    case PeerRefusal::kMalformed:
    case PeerRefusal::kNotYetValid:
    case PeerRefusal::kChainInvalid:
    case PeerRefusal::kWeakKeyOrSignature:
    case PeerRefusal::kNameMismatch:
      return X509_V_ERR_CERT_REJECTED;
    default:
      return X509_V_ERR_PERMITTED_VIOLATION;
  }
}

CertificateChain ChainOf(X509_STORE_CTX* store_context) {
  std::vector<std::shared_ptr<x509_st>> certificates;
  const auto add = [&](X509* certificate) {
    X509_up_ref(certificate);
    certificates.emplace_back(certificate, OpensslDeleter());
  };
  X509* leaf = X509_STORE_CTX_get0_cert(store_context);
  if (leaf != nullptr) add(leaf);
  STACK_OF(X509)* others = X509_STORE_CTX_get0_untrusted(store_context);
  for (int i = 0; i < sk_X509_num(others); ++i) {
    X509* other = sk_X509_value(others, i);
    if (other != leaf) add(other);
  }
  return CertificateChain(std::move(certificates));
}

std::shared_ptr<PeerIdentity> IdentityOf(const Certificate& leaf, const PeerVerdict& verdict) {
  auto identity = std::make_shared<PeerIdentity>();
  identity->subject = leaf.subject;
  identity->dns_names = leaf.dns_names;
  identity->uri_names = leaf.uri_names;
  for (const net::IpAddress& address : leaf.ip_addresses) {
    identity->ip_addresses.push_back(address.ToString());
  }
  identity->verified = true;
  identity->matched_allowed_domain = verdict.matched_allowed_domain;
  identity->fingerprint_sha256 = leaf.fingerprint_sha256;
  return identity;
}

std::vector<Certificate> Readable(const CertificateChain& chain) {
  std::vector<Certificate> shown;
  for (const std::shared_ptr<x509_st>& x509 : chain.certificates()) {
    if (shown.size() == RefusedPeer::kMaxCertificates) break;
    absl::StatusOr<Certificate> certificate = Certificate::FromX509(*x509);
    if (certificate.ok()) shown.push_back(*std::move(certificate));
  }
  return shown;
}

}  // namespace

PeerJudgement JudgePeer(x509_store_ctx_st* store_context, const PeerPolicy& policy, PeerRole role,
                        absl::string_view asked_host, absl::Time at) {
  const CertificateChain chain = ChainOf(store_context);
  absl::StatusOr<Certificate> leaf = absl::NotFoundError("no certificate");
  if (!chain.empty()) leaf = Certificate::FromX509(*chain.certificates()[0]);
  ChainFindings findings;
  PeerVerdict verdict = VerifyPeer(policy, chain, leaf, role, asked_host, at, &findings);
  X509_STORE_CTX_set_error(store_context,
                           verdict.allowed() ? X509_V_OK : StoreErrorOf(verdict.refusal));
  PeerJudgement judgement;
  if (verdict.allowed()) {
    judgement.identity = IdentityOf(*leaf, verdict);
    judgement.peer = std::make_shared<const KnownPeer>(KnownPeer{
        std::make_shared<const DerChain>(chain.ToDer()), *std::move(leaf), std::move(findings)});
    return judgement;
  }
  judgement.refused = std::make_shared<RefusedPeer>();
  judgement.refused->verdict = std::move(verdict);
  judgement.refused->chain = Readable(chain);
  return judgement;
}

PeerJudgement JudgeAgain(std::shared_ptr<const KnownPeer> peer, const PeerPolicy& policy,
                         PeerRole role, absl::string_view asked_host, absl::Time at) {
  PeerJudgement judgement;
  ChainFindings findings = peer->findings;
  const PeerVerdict verdict = VerifyKnownPeer(policy, *peer, role, asked_host, at, &findings);
  if (!verdict.allowed()) return judgement;
  judgement.identity = IdentityOf(peer->leaf, verdict);
  if (findings.verification_count() != peer->findings.verification_count()) {
    peer =
        std::make_shared<const KnownPeer>(KnownPeer{peer->chain, peer->leaf, std::move(findings)});
  }
  judgement.peer = std::move(peer);
  return judgement;
}

}  // namespace sipcm::tls
