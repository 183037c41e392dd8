#include "core/tls/peer_names.h"

#include "absl/status/statusor.h"
#include "core/net/address.h"
#include "core/tls/certificate.h"
#include "core/tls/certificate_names.h"

namespace sipcm::tls {

bool NamesHost(const PeerIdentity& peer, absl::string_view host) {
  Certificate certificate;
  certificate.dns_names = peer.dns_names;
  certificate.uri_names = peer.uri_names;
  certificate.has_subject_alternative_name = true;
  for (const std::string& text : peer.ip_addresses) {
    const absl::StatusOr<net::IpAddress> address = net::IpAddress::Parse(text);
    if (address.ok()) certificate.ip_addresses.push_back(*address);
  }
  return !CertificateNames::Of(certificate, NameCheck::kRfc5922).Find(host).empty();
}

}  // namespace sipcm::tls
