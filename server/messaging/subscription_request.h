#ifndef SIPCM_SERVER_MESSAGING_SUBSCRIPTION_REQUEST_H_
#define SIPCM_SERVER_MESSAGING_SUBSCRIPTION_REQUEST_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "core/engine/engine.h"
#include "proto/sipcm/v1/attach.pb.h"
#include "proto/sipcm/v1/delivery.pb.h"
#include "proto/sipcm/v1/subscription.pb.h"
#include "server/messaging/conversion/delivery_format.h"
#include "server/messaging/conversion/endpoint_lookup.h"

namespace sipcm::server {

inline constexpr int kDefaultMaxOutstandingCount = 256;
inline constexpr int kMaxOutstandingCount = 1'000'000;
inline constexpr int kMaxMethodCount = 32;

// Whether a subscription may begin without credit: in Attach it may, a grant comes later.
enum class ZeroCredit : uint8_t { kRefused, kPaused };

// A checked SubscribeRequest.
struct SubscriptionRequest {
  engine::SubscriptionOptions options;
  DeliveryFormat format;

  // INVALID_ARGUMENT naming the field; UNIMPLEMENTED (NOT_IN_THIS_VERSION) for a resume_token.
  // Whether the endpoint exists is the engine's to say.
  static absl::StatusOr<SubscriptionRequest> From(const v1::SubscribeRequest& request,
                                                  ZeroCredit zero_credit);

  // The first message of the subscription.
  v1::Delivery Started(const EndpointLookup& lookup) const;
};

// What an Attach stream tells instead of Subscribe's status.
v1::SubscriptionEnded ToSubscriptionEnded(int32_t subscription_id, const absl::Status& why);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_SUBSCRIPTION_REQUEST_H_
