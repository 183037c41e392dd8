#ifndef SIPCM_SERVER_MESSAGING_SUBSCRIPTION_REQUEST_H_
#define SIPCM_SERVER_MESSAGING_SUBSCRIPTION_REQUEST_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
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
// Short enough that a sender has its answer within a second of its application's death.
inline constexpr absl::Duration kDefaultResumeTimeout = absl::Milliseconds(500);
inline constexpr absl::Duration kMaxResumeTimeout = absl::Seconds(60);

// Whether a subscription may begin without credit: in Attach it may, a grant comes later.
enum class ZeroCredit : uint8_t { kRefused, kPaused };

// A checked SubscribeRequest.
struct SubscriptionRequest {
  engine::SubscriptionOptions options;
  DeliveryFormat format;

  // INVALID_ARGUMENT naming the field. Whether the endpoint exists and the token is known is the
  // engine's to say.
  static absl::StatusOr<SubscriptionRequest> From(const v1::SubscribeRequest& request,
                                                  ZeroCredit zero_credit);

  // The first message of the subscription.
  v1::Delivery Started(const EndpointLookup& lookup, const engine::Resumption& resumption) const;
};

// What an Attach stream tells instead of Subscribe's status.
v1::SubscriptionEnded ToSubscriptionEnded(int32_t subscription_id, const absl::Status& why);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_SUBSCRIPTION_REQUEST_H_
