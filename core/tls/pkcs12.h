#ifndef SIPCM_CORE_TLS_PKCS12_H_
#define SIPCM_CORE_TLS_PKCS12_H_

#include <cstdint>
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

// Of key derivation, in all parts of an object together: some seconds. Exports of today ask for
// 2048 to 1000000 for each of their three parts.
inline constexpr int64_t kMaxPkcs12Rounds = 5'000'000;

// `der` as it is in a .p12 or .pfx file. Certificates that do not belong to the key's chain are
// passed over. Encryption is that of OpenSSL's default provider: AES, 3DES, not RC2. Refusals are
// INVALID_ARGUMENT with a remedy:
//   PKCS12_PASSWORD_WRONG   field pkcs12_password
//   PKCS12_MALFORMED        field pkcs12: not PKCS#12, encrypted by RC2, without key or certificate
//   FIELD_OUT_OF_RANGE      field pkcs12: more than kMaxPkcs12Rounds
absl::StatusOr<Pkcs12Content> ReadPkcs12(absl::string_view der, absl::string_view password);

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_PKCS12_H_
