#ifndef SIPCM_CORE_TLS_OPENSSL_ASN1_TIME_H_
#define SIPCM_CORE_TLS_OPENSSL_ASN1_TIME_H_

#include "absl/time/time.h"

struct asn1_string_st;

namespace sipcm::tls {

// A certificate's or revocation list's time; `otherwise` when there is none, or it cannot be read.
absl::Time ReadAsn1Time(const asn1_string_st* time, absl::Time otherwise);

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_OPENSSL_ASN1_TIME_H_
