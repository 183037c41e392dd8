#ifndef SIPCM_CORE_TLS_PEER_VERDICT_H_
#define SIPCM_CORE_TLS_PEER_VERDICT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sipcm::tls {

// The rule that refuses a peer, as sipcm.v1.PeerVerdict.Rule.
enum class PeerRefusal : unsigned char {
  kNone,            // allowed
  kNoCertificate,   // mutual TLS requires one, none came
  kMalformed,       // the certificate cannot be read
  kUntrustedChain,  // leads to no anchor of the trust bundle
  kExpired,         // the leaf or one of its issuers
  kNotYetValid,
  kRevoked,
  kRevocationUnknown,  // a CRL that is needed is missing, out of date or does not verify
  kChainInvalid,       // another rule of RFC 5280: signature, basic and name constraints, ...
  kChainTooLong,
  kWeakKeyOrSignature,   // below OpenSSL's security level 2 (112 bits)
  kWrongKeyUsage,        // extended key usage
  kNoUsableName,         // incoming: only wildcards, malformed names, or none
  kNotAllowedDomain,     // incoming: no name fits an allowed domain
  kAllowedDomainIssuer,  // incoming: the one that fits wants another issuer
  kNoAllowedDomains,     // incoming: the list is empty and any domain is not allowed
  kNameMismatch,         // outgoing: not the host that was asked for
};

// The rule's name in the API: "UNTRUSTED_ISSUER"; empty for kNone. For logs and metrics.
absl::string_view NameOfRefusal(PeerRefusal refusal);

// The refusal as a reason of sipcm.v1.ErrorDetail, which is coarser: PEER_NAME_MISMATCH,
// PEER_NOT_TRUSTED, PEER_CERTIFICATE_EXPIRED, PEER_CERTIFICATE_REVOKED, PEER_KEY_USAGE or
// PEER_NOT_ALLOWED; empty for kNone.
absl::string_view ReasonOfRefusal(PeerRefusal refusal);

// The TLS alert that such a peer gets: "unknown_ca" (RFC 8446 6.2); empty for kNone. The peer of a
// TLS 1.2 handshake without certificate gets handshake_failure instead of certificate_required,
// and that of a chain too large to be read illegal_parameter.
absl::string_view AlertOfRefusal(PeerRefusal refusal);

// What VerifyPeer found. A value; all text is escaped.
struct PeerVerdict {
  PeerRefusal refusal = PeerRefusal::kNone;
  // One sentence for a person, for either outcome: the names tested, the rule, and for a refusal
  // the remedy.
  std::string explanation;
  std::string subject;  // of the leaf
  // Incoming: the allowed domain that let it in, canonical. Empty when refused, when outgoing, and
  // when any domain is allowed.
  std::string matched_allowed_domain;
  // The certificate's name or address that fitted the allowed domain or the host asked for.
  std::string matched_name;
  std::vector<std::string> names_tested;   // in order
  std::vector<std::string> names_ignored;  // wildcards, NUL, control or non-LDH characters

  bool allowed() const { return refusal == PeerRefusal::kNone; }
  // OK, or FAILED_PRECONDITION with the reason above and the explanation as its message.
  absl::Status ToStatus() const;
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_PEER_VERDICT_H_
