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
  for (BacklogItem& item : deliveries) {
    if (item.notice != nullptr) {
      *frame->add_deliveries() = std::move(*item.notice);
    } else {
      FillDelivery(item.delivery, item.format, frame->add_deliveries());
    }
  }
  for (v1::RespondResult& result : results) *frame->add_results() = std::move(result);
  for (AttachedEvent& event : events) FillEvent(&event, frame->add_events());
  for (v1::SubscriptionEnded& end : ended) *frame->add_ended() = std::move(end);
  Clear();
}

void AttachOutbox::AddEvent(AttachedEvent&& event) {
  event_bytes_ += EstimateSize(event);
  events_.push_back(std::move(event));
}

size_t AttachOutbox::TakeEvents(std::vector<AttachedEvent>* out) {
  size_t bytes = 0;
  while (out->size() < kMaxFrameItems && bytes < kMaxFrameBytes && event_count() > 0) {
    bytes += EstimateSize(events_[first_event_]);
    out->push_back(std::move(events_[first_event_++]));
  }
  event_bytes_ -= bytes;
  // What is taken goes at once, or when it is the greater part: each event is moved once at most.
  if (first_event_ > events_.size() / 2 || event_count() == 0) {
    events_.erase(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(first_event_));
    first_event_ = 0;
  }
  return bytes;
}

void AttachOutbox::Take(OutgoingFrame* frame) {
  const size_t bytes = TakeEvents(&frame->events);
  TakeFront(kMaxFrameItems, &results_, &frame->results);
  TakeFront(kMaxFrameItems, &ended_, &frame->ended);
  if (bytes < kMaxFrameBytes && ended_.empty()) {
    deliveries_.Take(kMaxFrameItems, kMaxFrameBytes - bytes, &frame->deliveries);
  }
}

}  // namespace sipcm::server
