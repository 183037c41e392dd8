#include "server/conversion/peer_conversion.h"

#include <string>

#include "server/conversion/address_conversion.h"

namespace sipcm::server {
namespace {

using sipcm::v1::PeerVerdict;
using tls::PeerRefusal;

struct RuleAndAlert {
  PeerVerdict::Rule rule;
  const char* alert;  // RFC 8446 6.2, as OpenSSL names it
};

RuleAndAlert Of(PeerRefusal refusal) {
  switch (refusal) {
    case PeerRefusal::kNone:
      return {PeerVerdict::RULE_UNSPECIFIED, ""};
    case PeerRefusal::kNoCertificate:
      return {PeerVerdict::NO_CERTIFICATE, "certificate_required"};
    case PeerRefusal::kMalformed:
      return {PeerVerdict::MALFORMED_CERTIFICATE, "bad_certificate"};
    case PeerRefusal::kChainTooLong:
      return {PeerVerdict::CHAIN_TOO_LONG, "unknown_ca"};
    case PeerRefusal::kUntrustedChain:
      return {PeerVerdict::UNTRUSTED_ISSUER, "unknown_ca"};
    case PeerRefusal::kNotYetValid:
      return {PeerVerdict::CERTIFICATE_NOT_YET_VALID, "bad_certificate"};
    case PeerRefusal::kExpired:
      return {PeerVerdict::CERTIFICATE_EXPIRED, "certificate_expired"};
    case PeerRefusal::kRevoked:
      return {PeerVerdict::CERTIFICATE_REVOKED, "certificate_revoked"};
    case PeerRefusal::kRevocationUnknown:
      return {PeerVerdict::CRL_UNUSABLE, "certificate_unknown"};
    case PeerRefusal::kWrongKeyUsage:
      return {PeerVerdict::EXTENDED_KEY_USAGE, "unsupported_certificate"};
    case PeerRefusal::kNameMismatch:
      return {PeerVerdict::PEER_NAME_MISMATCH, "bad_certificate"};
    case PeerRefusal::kNotAllowedDomain:
      return {PeerVerdict::NOT_IN_ALLOWED_DOMAINS, "access_denied"};
    case PeerRefusal::kNoAllowedDomains:
      return {PeerVerdict::NO_ALLOWED_DOMAINS, "access_denied"};
  }
  return {PeerVerdict::CHAIN_INVALID, "certificate_unknown"};
}

}  // namespace

sipcm::v1::Peer ToProto(const net::SocketAddress& address, const tls::PeerIdentity* identity) {
  sipcm::v1::Peer proto;
  *proto.mutable_address() = ToProto(address);
  if (identity == nullptr) return proto;
  proto.set_subject(identity->subject);
  proto.mutable_dns_names()->Add(identity->dns_names.begin(), identity->dns_names.end());
  proto.mutable_uri_names()->Add(identity->uri_names.begin(), identity->uri_names.end());
  proto.mutable_ip_addresses()->Add(identity->ip_addresses.begin(), identity->ip_addresses.end());
  proto.set_verified(identity->verified);
  proto.set_matched_allowed_domain(identity->matched_allowed_domain);
  proto.set_tls_version(identity->tls_version);
  proto.set_cipher_suite(identity->cipher_suite);
  proto.set_certificate_fingerprint(identity->fingerprint_sha256);
  return proto;
}

PeerVerdict ToProto(const tls::PeerVerdict& verdict) {
  PeerVerdict proto;
  const RuleAndAlert of = Of(verdict.refusal);
  proto.set_decision(verdict.allowed() ? PeerVerdict::ALLOWED : PeerVerdict::DENIED);
  proto.set_rule(of.rule);
  proto.set_alert(of.alert);
  proto.set_explanation(verdict.explanation);
  proto.set_matched_allowed_domain(verdict.matched_allowed_domain);
  proto.set_matched_name(verdict.matched_name);
  proto.mutable_tested_names()->Add(verdict.names_tested.begin(), verdict.names_tested.end());
  return proto;
}

}  // namespace sipcm::server
