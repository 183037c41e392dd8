#ifndef SIPCM_CORE_POOL_POOL_ERROR_H_
#define SIPCM_CORE_POOL_POOL_ERROR_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/pool/destination.h"

namespace sipcm::pool {

// Why a request got no connection, in the words of errors; which pool, and the remedy.
absl::Status LineFull(const Destination& destination, int waiting_count);
absl::Status WaitedTooLong(const Destination& destination, absl::Duration limit);
absl::Status PoolDrained(const Destination& destination);
absl::Status OwnerEnds(const Destination& destination);
absl::Status PeerKeepsClosing(const Destination& destination, int times);

// Whether it is LineFull().
bool IsLineFull(const absl::Status& status);

}  // namespace sipcm::pool

#endif  // SIPCM_CORE_POOL_POOL_ERROR_H_
