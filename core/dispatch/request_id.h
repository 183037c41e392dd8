#ifndef SIPCM_CORE_DISPATCH_REQUEST_ID_H_
#define SIPCM_CORE_DISPATCH_REQUEST_ID_H_

#include "core/base/slot_id.h"

namespace sipcm::dispatch {

// Names one delivered request.
using RequestId = SlotId<struct RequestIdTag>;

}  // namespace sipcm::dispatch

#endif  // SIPCM_CORE_DISPATCH_REQUEST_ID_H_
