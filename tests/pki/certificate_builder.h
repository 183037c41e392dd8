#ifndef SIPCM_TESTS_PKI_CERTIFICATE_BUILDER_H_
#define SIPCM_TESTS_PKI_CERTIFICATE_BUILDER_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "tests/pki/certificate_authority.h"

namespace sipcm::pki {

enum class BasicConstraints { kAbsent, kAuthority, kNoAuthority };

std::shared_ptr<evp_pkey_st> MakeKey(CertificateOptions::Key kind);

// Signed by `issuer`, or by itself when that is null. Serials are random.
std::shared_ptr<x509_st> BuildCertificate(const CertificateOptions& options,
                                          BasicConstraints constraints, evp_pkey_st* subject_key,
                                          x509_st* issuer, evp_pkey_st* issuer_key);

std::string ToPem(x509_st* certificate);
std::string ToPem(evp_pkey_st* key);

}  // namespace sipcm::pki

#endif  // SIPCM_TESTS_PKI_CERTIFICATE_BUILDER_H_
