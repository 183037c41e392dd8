#include "core/tls/peer_verifier.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/tls/certificate_names.h"

namespace sipcm::tls {
namespace {

PeerVerdict Refuse(PeerVerdict verdict, PeerRefusal refusal, std::string explanation) {
  verdict.refusal = refusal;
  verdict.explanation = std::move(explanation);
  return verdict;
}

PeerVerdict JudgeServerNames(PeerVerdict verdict, const Certificate& leaf,
                             const CertificateNames& names, absl::string_view asked_host) {
  verdict.matched_name = names.Find(asked_host);
  if (verdict.matched_name.empty()) {
    return Refuse(std::move(verdict), PeerRefusal::kNameMismatch,
                  absl::StrCat("certificate ", leaf.DisplayName(), " names ", names.ToString(),
                               ", not \"", absl::CHexEscape(asked_host),
                               "\"; correct the destination's host or its tls_name"));
  }
  verdict.explanation = absl::StrCat("certificate ", leaf.DisplayName(), " names \"",
                                     verdict.matched_name, "\", the host that was asked for");
  return verdict;
}

// A chain under judgement.
struct ChainInQuestion {
  ChainFindings* findings;
  ChainFindings::ReadChain read;

  const ChainVerdict& Under(const std::shared_ptr<const TrustBundle>& bundle,
                            const PeerPolicy& policy, const CertificateNames& names,
                            absl::Time at) const {
    return findings->Ask(bundle, policy, names, read, at);
  }
};

AllowedDomains::Match FindMatch(const PeerPolicy& policy, const ChainInQuestion& chain,
                                const CertificateNames& names, absl::Time at) {
  const auto holds = [&](const AllowedDomain& entry) {
    return entry.trust_bundle == nullptr ||
           chain.Under(entry.trust_bundle, policy, names, at).refusal == PeerRefusal::kNone;
  };
  AllowedDomains::Match match = policy.allowed_domains->FindFirst(names, at, holds);
  if (match.entry != nullptr || policy.auto_allowed_domains == nullptr) return match;
  return policy.auto_allowed_domains->FindFirst(names, at, [&](const AllowedDomain& entry) {
    return !policy.allowed_domains->Covers(entry.pattern.text(), at);
  });
}

PeerVerdict JudgeClientNames(PeerVerdict verdict, const PeerPolicy& policy,
                             const ChainInQuestion& chain, const Certificate& leaf,
                             const CertificateNames& names, absl::Time at) {
  if (policy.allowed_domains == nullptr || policy.allowed_domains->empty()) {
    if (policy.empty_list == PeerPolicy::EmptyList::kAllowsAnyDomain) {
      verdict.explanation =
          absl::StrCat("certificate ", leaf.DisplayName(), " is valid and any domain is allowed");
      return verdict;
    }
    return Refuse(std::move(verdict), PeerRefusal::kNoAllowedDomains,
                  "the list of allowed domains is empty, so nobody is let in; add allowed domains, "
                  "or set allow_any_domain to let in everyone with a valid certificate");
  }
  if (names.domains.empty() && names.ip_addresses.empty()) {
    return Refuse(
        std::move(verdict), PeerRefusal::kNoUsableName,
        absl::StrCat("certificate ", leaf.DisplayName(), " has no name that may be tested, only [",
                     absl::StrJoin(names.ignored, ", "),
                     "]; the peer needs a certificate with its full domain name"));
  }
  AllowedDomains::Match match = FindMatch(policy, chain, names, at);
  if (match.entry == nullptr) {
    match = policy.allowed_domains->FindFirst(names, at, [](const AllowedDomain&) { return true; });
    if (match.entry != nullptr) {
      return Refuse(std::move(verdict), PeerRefusal::kAllowedDomainIssuer,
                    absl::StrCat("allowed domain \"", match.entry->pattern.text(), "\" fits \"",
                                 match.name, "\" of certificate ", leaf.DisplayName(),
                                 ", but only for issuers of \"", match.entry->trust_bundle->name(),
                                 "\"; correct that entry's trust bundle, or the certificate"));
    }
    return Refuse(
        std::move(verdict), PeerRefusal::kNotAllowedDomain,
        absl::StrCat("certificate ", leaf.DisplayName(), " names ", names.ToString(),
                     ", none of which fits any of the ", policy.allowed_domains->entries().size(),
                     " allowed domains; add one of these names to the allowed domains if "
                     "this peer may connect"));
  }
  verdict.matched_allowed_domain = match.entry->pattern.text();
  verdict.matched_name = std::move(match.name);
  verdict.explanation =
      absl::StrCat("allowed domain \"", verdict.matched_allowed_domain, "\"",
                   match.entry->origin == AllowedDomain::Origin::kAuto
                       ? " (there for an outgoing connection to it)"
                       : "",
                   " fits \"", verdict.matched_name, "\" of certificate ", leaf.DisplayName());
  return verdict;
}

PeerVerdict VerdictOn(const Certificate& leaf, const CertificateNames& names) {
  PeerVerdict verdict;
  verdict.subject = leaf.subject;
  verdict.names_tested = names.ToStrings();
  verdict.names_ignored = names.ignored;
  return verdict;
}

// From the chain on.
PeerVerdict Verify(const PeerPolicy& policy, const ChainInQuestion& chain, const Certificate& leaf,
                   PeerRole role, absl::string_view asked_host, absl::Time at) {
  const CertificateNames names = CertificateNames::Of(leaf, policy.name_check);
  PeerVerdict verdict = VerdictOn(leaf, names);
  if (policy.trust_bundle == nullptr) {
    return Refuse(std::move(verdict), PeerRefusal::kUntrustedChain,
                  absl::StrCat("certificate ", leaf.DisplayName(),
                               " cannot be trusted: no trust bundle is set; set one"));
  }
  if (const ChainVerdict& found = chain.Under(policy.trust_bundle, policy, names, at);
      found.refusal != PeerRefusal::kNone) {
    return Refuse(std::move(verdict), found.refusal, found.explanation);
  }
  if (const std::string violation = policy.extended_key_usage.Violation(leaf); !violation.empty()) {
    return Refuse(std::move(verdict), PeerRefusal::kWrongKeyUsage,
                  absl::StrCat("certificate ", leaf.DisplayName(), " is refused: ", violation,
                               "; the peer needs a certificate for this usage"));
  }
  return role == PeerRole::kOutgoingServer
             ? JudgeServerNames(std::move(verdict), leaf, names, asked_host)
             : JudgeClientNames(std::move(verdict), policy, chain, leaf, names, at);
}

}  // namespace

PeerVerdict JudgeAllowedDomains(const PeerPolicy& policy, const CertificateChain& chain,
                                const Certificate& leaf, absl::Time at) {
  const CertificateNames names = CertificateNames::Of(leaf, policy.name_check);
  ChainFindings findings;
  const auto read = [&]() -> const CertificateChain& { return chain; };
  return JudgeClientNames(VerdictOn(leaf, names), policy, {&findings, read}, leaf, names, at);
}

PeerVerdict RefuseTooLargeChain() {
  return Refuse(
      PeerVerdict(), PeerRefusal::kChainTooLong,
      absl::StrCat("the peer's certificates take more than ", CertificateChain::kMaxPresentedBytes,
                   " bytes together; it must present its own and the intermediate ones "
                   "only, and a shorter chain"));
}

PeerVerdict VerifyPeer(const PeerPolicy& policy, const CertificateChain& chain,
                       const absl::StatusOr<Certificate>& leaf, PeerRole role,
                       absl::string_view asked_host, absl::Time at, ChainFindings* findings) {
  if (chain.empty()) {
    return Refuse(PeerVerdict(), PeerRefusal::kNoCertificate,
                  "the peer presented no certificate; it must present one that this trust bundle's "
                  "authorities issued");
  }
  if (chain.PresentedBytes() > CertificateChain::kMaxPresentedBytes) return RefuseTooLargeChain();
  if (!leaf.ok()) {
    return Refuse(PeerVerdict(), PeerRefusal::kMalformed, std::string(leaf.status().message()));
  }
  const auto read = [&]() -> const CertificateChain& { return chain; };
  return Verify(policy, {findings, read}, *leaf, role, asked_host, at);
}

PeerVerdict VerifyPeer(const PeerPolicy& policy, const CertificateChain& chain, PeerRole role,
                       absl::string_view asked_host, absl::Time at) {
  absl::StatusOr<Certificate> leaf = absl::NotFoundError("no certificate");
  if (!chain.empty()) leaf = Certificate::FromX509(*chain.certificates()[0]);
  ChainFindings findings;
  return VerifyPeer(policy, chain, leaf, role, asked_host, at, &findings);
}

PeerVerdict VerifyKnownPeer(const PeerPolicy& policy, const KnownPeer& peer, PeerRole role,
                            absl::string_view asked_host, absl::Time at, ChainFindings* findings) {
  CertificateChain chain;
  const auto read = [&]() -> const CertificateChain& {
    if (chain.empty()) chain = CertificateChain::FromDer(*peer.chain);
    return chain;
  };
  return Verify(policy, {findings, read}, peer.leaf, role, asked_host, at);
}

}  // namespace sipcm::tls
