#include "server/conversion/peer_conversion.h"

#include <string>

#include "server/conversion/address_conversion.h"

namespace sipcm::server {
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

sipcm::v1::PeerVerdict ToProto(const tls::PeerVerdict& verdict) {
  sipcm::v1::PeerVerdict proto;
  proto.set_decision(verdict.allowed() ? sipcm::v1::PeerVerdict::ALLOWED
                                       : sipcm::v1::PeerVerdict::DENIED);
  sipcm::v1::PeerVerdict::Rule rule = sipcm::v1::PeerVerdict::RULE_UNSPECIFIED;
  sipcm::v1::PeerVerdict::Rule_Parse(std::string(tls::NameOfRefusal(verdict.refusal)), &rule);
  proto.set_rule(rule);
  proto.set_explanation(verdict.explanation);
  proto.set_matched_allowed_domain(verdict.matched_allowed_domain);
  proto.set_matched_name(verdict.matched_name);
  proto.mutable_tested_names()->Add(verdict.names_tested.begin(), verdict.names_tested.end());
  proto.mutable_ignored_names()->Add(verdict.names_ignored.begin(), verdict.names_ignored.end());
  proto.set_subject(verdict.subject);
  proto.set_alert(std::string(tls::AlertOfRefusal(verdict.refusal)));
  return proto;
}

}  // namespace sipcm::server
