#ifndef SIPCM_SERVER_MESSAGING_CONVERSION_DELIVERY_CONVERSION_H_
#define SIPCM_SERVER_MESSAGING_CONVERSION_DELIVERY_CONVERSION_H_

#include <cstddef>

#include "core/dispatch/delivery.h"
#include "proto/sipcm/v1/delivery.pb.h"
#include "server/messaging/conversion/delivery_format.h"

namespace sipcm::server {

// Writes what the application reads of `delivery`. `*out` is cleared or fresh; when it was used
// before, its strings' memory is used again, which is what makes the fast path free of allocation.
void FillDelivery(const dispatch::Delivery& delivery, const DeliveryFormat& format,
                  v1::Delivery* out);

// About how many bytes that takes on the wire; to cut frames, so only roughly right.
size_t EstimateSize(const dispatch::Delivery& delivery, const DeliveryFormat& format);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_CONVERSION_DELIVERY_CONVERSION_H_
