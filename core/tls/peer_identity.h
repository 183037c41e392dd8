#ifndef SIPCM_CORE_TLS_PEER_IDENTITY_H_
#define SIPCM_CORE_TLS_PEER_IDENTITY_H_

#include <string>
#include <vector>

namespace sipcm::tls {

// Who is at the other end of a TLS connection, once its handshake is done. Made once, immutable,
// held by shared_ptr<const>: it goes with every request of the connection. All text is escaped.
struct PeerIdentity {
  std::string subject;  // "CN=edge.contoso.com,O=Contoso"; empty without a certificate
  std::vector<std::string> dns_names;
  std::vector<std::string> uri_names;
  std::vector<std::string> ip_addresses;
  // A certificate was presented and the verdict let it in. False: none was asked for, or none was
  // presented to a listener that only requests one.
  bool verified = false;
  // Of a server: it asked for our certificate.
  bool asks_for_certificate = false;
  // The first allowed domain that let the peer in, canonical; empty when the list was not consulted
  // (outgoing) or is empty and any domain is allowed.
  std::string matched_allowed_domain;
  std::string tls_version;         // "TLSv1.3"
  std::string cipher_suite;        // "TLS_AES_128_GCM_SHA256"
  std::string fingerprint_sha256;  // 32 raw bytes; empty without a certificate
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_PEER_IDENTITY_H_
