#ifndef SIPCM_SERVER_CATALOG_CERTIFICATES_EXPIRY_STAGE_H_
#define SIPCM_SERVER_CATALOG_CERTIFICATES_EXPIRY_STAGE_H_

#include "absl/time/time.h"

namespace sipcm::server {

// How near its end a certificate is. Each stage is told of once.
enum class ExpiryStage : unsigned char { kFar, kWithinMonth, kWithinWeek, kWithinDay, kEnded };

// Of a certificate that ends at `end`: 30 days, 7 days, 1 day before it, and from it on.
ExpiryStage StageOf(absl::Time end, absl::Time now);

// What was told of a certificate, when the clock says `now`: `told`, unless the clock has gone back
// by more than a day beyond that stage; then what is true now. A clock that is put right by an hour
// repeats nothing; one that was years ahead does not swallow the warnings that were to come.
ExpiryStage ToldAt(ExpiryStage told, absl::Time end, absl::Time now);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CATALOG_CERTIFICATES_EXPIRY_STAGE_H_
