#ifndef SIPCM_CORE_TLS_PKCS12_H_
#define SIPCM_CORE_TLS_PKCS12_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sipcm::tls {

// What a PKCS#12 object (RFC 7292) holds of one identity, as Credential::FromPem takes it. The key
// is wiped when this goes.
struct Pkcs12Content {
  Pkcs12Content() = default;
  Pkcs12Content(Pkcs12Content&&) = default;
  Pkcs12Content& operator=(Pkcs12Content&&) = default;
  ~Pkcs12Content();

  std::string certificate_pem;  // the key's certificate, then its issuers as far as they are there
  std::string private_key_pem;
};

// `der` as it is in a .p12 or .pfx file. Certificates that do not belong to the key's chain are
// passed over. Encryption is that of OpenSSL's default provider: AES, 3DES, not RC2. Refusals are
// INVALID_ARGUMENT with a remedy:
//   PKCS12_PASSWORD_WRONG   field pkcs12_password
//   PKCS12_MALFORMED        field pkcs12: not PKCS#12, encrypted by RC2, without key or certificate
absl::StatusOr<Pkcs12Content> ReadPkcs12(absl::string_view der, absl::string_view password);

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_PKCS12_H_
