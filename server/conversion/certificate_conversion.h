#ifndef SIPCM_SERVER_CONVERSION_CERTIFICATE_CONVERSION_H_
#define SIPCM_SERVER_CONVERSION_CERTIFICATE_CONVERSION_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/tls/credential.h"
#include "core/tls/trust_bundle.h"
#include "proto/sipcm/v1/certificate.pb.h"
#include "proto/sipcm/v1/trust_bundle.pb.h"

namespace sipcm::server {

// Reads what a caller gave in PEM. `revision` counts the contents of this object, from 1. INVALID_
// ARGUMENT names the field, relative to the certificate; UNIMPLEMENTED for files and PKCS#12.
absl::StatusOr<std::shared_ptr<const tls::Credential>> ToCredential(
    const sipcm::v1::Certificate& certificate, int revision, absl::Time now);
absl::StatusOr<std::shared_ptr<const tls::TrustBundle>> ToTrustBundle(
    const sipcm::v1::TrustBundle& bundle, int revision);

// Fills in what is read from the content, and takes the private key and other secrets out.
void AddContent(const tls::Credential& credential, sipcm::v1::Certificate* certificate);
void AddContent(const tls::TrustBundle& content, sipcm::v1::TrustBundle* bundle);

// Fills in the state at `now`.
void AddState(absl::Time now, sipcm::v1::Certificate* certificate);
void AddState(absl::Time now, sipcm::v1::TrustBundle* bundle);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CONVERSION_CERTIFICATE_CONVERSION_H_
