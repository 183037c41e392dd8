#ifndef SIPCM_SERVER_MESSAGING_DELIVERY_BACKLOG_H_
#define SIPCM_SERVER_MESSAGING_DELIVERY_BACKLOG_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/dispatch/delivery.h"
#include "proto/sipcm/v1/delivery.pb.h"
#include "server/messaging/conversion/delivery_format.h"

namespace sipcm::server {

// Of one stream; beyond, the reader is too slow.
inline constexpr size_t kMaxWaitingDeliveryBytes = 64 << 20;

// One message that waits for the application's stream.
struct BacklogItem {
  dispatch::Delivery delivery;
  DeliveryFormat format;
  std::unique_ptr<v1::Delivery> notice;  // ready made (started, gap); `delivery` is then unused
};

// What waits for one stream, in order. Bounded although expired requests give their credit back
// while they still wait here: once the backlog has doubled, requests that expired unread are
// dropped with all notices about them, and told as one Gap. Above kSweepBytes that is done already
// while requests expire. What stays is at most a few times the credit.
//
// Thread: guarded by its owner's mutex.
class DeliveryBacklog {
 public:
  void Add(const DeliveryFormat& format, std::vector<dispatch::Delivery> batch);
  void AddNotice(const DeliveryFormat& format, v1::Delivery notice);
  // Forgets what waits for one subscription.
  void Remove(int32_t subscription_id);
  // Moves items from the front to `*out` (which keeps its capacity): at most max_count, and no
  // further one once they take max_bytes.
  void Take(size_t max_count, size_t max_bytes, std::vector<BacklogItem>* out);

  // As EstimateSize() has them.
  size_t bytes() const { return bytes_; }
  size_t size() const { return items_.size() - head_; }
  bool empty() const { return size() == 0; }
  uint64_t dropped_count() const { return dropped_count_; }

  static constexpr size_t kSweepBytes = 4 << 20;

 private:
  static constexpr size_t kFirstSweep = 64;
  // Each sweep looks at all that waits; that many times as many as expired since the last one.
  static constexpr size_t kSweepCost = 64;

  // Drops expired requests and their notices.
  void Sweep();
  void AddGaps(const std::vector<BacklogItem>& items);
  void Compact();

  std::vector<BacklogItem> items_;  // those before head_ are taken
  size_t head_ = 0;
  size_t bytes_ = 0;
  size_t expired_count_ = 0;  // notices of expiry since the last sweep
  size_t sweep_at_ = kFirstSweep;
  uint64_t dropped_count_ = 0;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_DELIVERY_BACKLOG_H_
