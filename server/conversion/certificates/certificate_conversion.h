#ifndef SIPCM_SERVER_CONVERSION_CERTIFICATES_CERTIFICATE_CONVERSION_H_
#define SIPCM_SERVER_CONVERSION_CERTIFICATES_CERTIFICATE_CONVERSION_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/tls/credential.h"
#include "core/tls/trust_bundle.h"
#include "proto/sipcm/v1/certificate.pb.h"
#include "proto/sipcm/v1/trust_bundle.pb.h"

namespace sipcm::server {

// Where the content of a certificate or trust bundle comes from.
enum class ContentSource : unsigned char { kNone, kPem, kFiles, kPkcs12 };

// Which one the fields name. INVALID_ARGUMENT (CONFLICTING_FIELDS) for two.
absl::StatusOr<ContentSource> SourceOf(const sipcm::v1::Certificate& certificate);
absl::StatusOr<ContentSource> SourceOf(const sipcm::v1::TrustBundle& bundle);

// Reads and checks what the source holds. `revision` counts the contents of this object, from 1.
// INVALID_ARGUMENT names the field of the source, relative to the resource; FAILED_PRECONDITION
// (FILE_UNREADABLE) the file. A bundle's
// files are read into its fields for PEM.
absl::StatusOr<std::shared_ptr<const tls::Credential>> ToCredential(
    const sipcm::v1::Certificate& certificate, int revision, absl::Time now);
absl::StatusOr<std::shared_ptr<const tls::TrustBundle>> ToTrustBundle(
    sipcm::v1::TrustBundle* bundle, int revision);

// Fills in what is read from the content, and takes the private key and other secrets out.
void AddContent(const tls::Credential& credential, sipcm::v1::Certificate* certificate);
void AddContent(const tls::TrustBundle& content, sipcm::v1::TrustBundle* bundle);

// What the fields that may be left out amount to. Not for what is stored: CRLs that come later
// change it.
void ShowDefaults(const tls::TrustBundle& content, sipcm::v1::TrustBundle* bundle);

// Fills in the state at `now`. `end`: of the first certificate of the chain that ends.
// `reload_error`: why the watched files could not be taken; empty: they could.
void AddState(absl::Time now, absl::Time end, const std::string& reload_error,
              sipcm::v1::Certificate* certificate);
void AddState(absl::Time now, const std::string& reload_error, sipcm::v1::TrustBundle* bundle);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CONVERSION_CERTIFICATES_CERTIFICATE_CONVERSION_H_
