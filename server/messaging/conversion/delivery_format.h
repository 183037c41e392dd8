#ifndef SIPCM_SERVER_MESSAGING_CONVERSION_DELIVERY_FORMAT_H_
#define SIPCM_SERVER_MESSAGING_CONVERSION_DELIVERY_FORMAT_H_

#include <cstdint>

namespace sipcm::server {

enum class View : uint8_t { kParsed, kRaw };
enum class PeerDetail : uint8_t { kFull, kNone };

// How one subscription wants its deliveries.
struct DeliveryFormat {
  View view = View::kParsed;
  PeerDetail peer_detail = PeerDetail::kFull;
  int32_t subscription_id = 0;  // 0: of Subscribe, which has only one
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_CONVERSION_DELIVERY_FORMAT_H_
