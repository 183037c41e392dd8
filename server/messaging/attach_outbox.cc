#include "server/messaging/attach_outbox.h"

#include <utility>

#include "server/messaging/conversion/delivery_conversion.h"

namespace sipcm::server {
namespace {

template <typename T>
void TakeFront(size_t max_count, std::deque<T>* from, std::vector<T>* to) {
  for (size_t count = 0; count < max_count && !from->empty(); ++count) {
    to->push_back(std::move(from->front()));
    from->pop_front();
  }
}

}  // namespace

void OutgoingFrame::Clear() {
  deliveries.clear();
  results.clear();
  events.clear();
  ended.clear();
}

void OutgoingFrame::EncodeTo(v1::ServerFrame* frame) {
  frame->Clear();
  for (BacklogItem& item : deliveries) {
    if (item.notice != nullptr) {
      *frame->add_deliveries() = std::move(*item.notice);
    } else {
      FillDelivery(item.delivery, item.format, frame->add_deliveries());
    }
  }
  for (v1::RespondResult& result : results) *frame->add_results() = std::move(result);
  for (v1::AttachedSendEvent& event : events) *frame->add_events() = std::move(event);
  for (v1::SubscriptionEnded& end : ended) *frame->add_ended() = std::move(end);
  Clear();
}

void AttachOutbox::AddEvent(v1::AttachedSendEvent event) {
  event_bytes_ += event.ByteSizeLong();
  events_.push_back(std::move(event));
}

void AttachOutbox::Take(OutgoingFrame* frame) {
  size_t bytes = 0;
  while (frame->events.size() < kMaxFrameItems && bytes < kMaxFrameBytes && !events_.empty()) {
    const size_t size = events_.front().ByteSizeLong();
    bytes += size;
    event_bytes_ -= size;
    frame->events.push_back(std::move(events_.front()));
    events_.pop_front();
  }
  TakeFront(kMaxFrameItems, &results_, &frame->results);
  TakeFront(kMaxFrameItems, &ended_, &frame->ended);
  if (bytes < kMaxFrameBytes && ended_.empty()) {
    deliveries_.Take(kMaxFrameItems, kMaxFrameBytes - bytes, &frame->deliveries);
  }
}

}  // namespace sipcm::server
