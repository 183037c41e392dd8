#include "core/tls/openssl/asn1_time.h"

#include <openssl/asn1.h>

#include <ctime>

namespace sipcm::tls {

absl::Time ReadAsn1Time(const asn1_string_st* time, absl::Time otherwise) {
  std::tm fields{};
  // Of none at all OpenSSL would read the time of now.
  if (time == nullptr || ASN1_TIME_to_tm(time, &fields) != 1) return otherwise;
  return absl::FromTM(fields, absl::UTCTimeZone());
}

}  // namespace sipcm::tls
