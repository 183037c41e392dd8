#ifndef SIPCM_SERVER_MESSAGING_ATTACH_OUTBOX_H_
#define SIPCM_SERVER_MESSAGING_ATTACH_OUTBOX_H_

#include <cstddef>
#include <deque>
#include <vector>

#include "proto/sipcm/v1/attach.pb.h"
#include "server/messaging/attached_event.h"
#include "server/messaging/delivery_backlog.h"

namespace sipcm::server {

inline constexpr size_t kMaxFrameItems = 64;
inline constexpr size_t kMaxFrameBytes = 64 * 1024;

// What goes into one frame. Reused from frame to frame.
struct OutgoingFrame {
  std::vector<BacklogItem> deliveries;
  std::vector<v1::RespondResult> results;
  std::vector<AttachedEvent> events;
  std::vector<v1::SubscriptionEnded> ended;

  bool empty() const {
    return deliveries.empty() && results.empty() && events.empty() && ended.empty();
  }
  void Clear();
  // Writes it into the empty `*frame`, and clears this.
  void EncodeTo(v1::ServerFrame* frame);
};

// All that waits for one Attach stream. Thread: guarded by the stream's mutex.
class AttachOutbox {
 public:
  DeliveryBacklog& deliveries() { return deliveries_; }
  void AddResult(v1::RespondResult result) { results_.push_back(std::move(result)); }
  void AddEvent(AttachedEvent&& event);
  void AddEnded(v1::SubscriptionEnded ended) { ended_.push_back(std::move(ended)); }

  bool empty() const {
    return deliveries_.empty() && results_.empty() && event_count() == 0 && ended_.empty();
  }
  // Of the kinds that no credit bounds: answers' results, steps of sends, ends of subscriptions.
  size_t notice_count() const { return results_.size() + event_count() + ended_.size(); }
  // As EstimateSize() has them.
  size_t event_bytes() const { return event_bytes_; }

  // Moves what goes into the next frame to the cleared `*frame`: at most kMaxFrameItems of each
  // kind, and no further delivery or event once it has kMaxFrameBytes. Ends of subscriptions go
  // before deliveries: those that wait are of subscriptions that came later.
  void Take(OutgoingFrame* frame);

 private:
  size_t event_count() const { return events_.size() - first_event_; }
  // Until there are as many, or they have as many bytes. How many bytes they have.
  size_t TakeEvents(std::vector<AttachedEvent>* out);

  DeliveryBacklog deliveries_;
  std::deque<v1::RespondResult> results_;
  std::vector<AttachedEvent> events_;  // those before first_event_ are taken
  size_t first_event_ = 0;
  size_t event_bytes_ = 0;
  std::deque<v1::SubscriptionEnded> ended_;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_ATTACH_OUTBOX_H_
