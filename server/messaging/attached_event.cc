#include "server/messaging/attached_event.h"

#include "server/messaging/conversion/send_conversion.h"

namespace sipcm::server {
namespace {

// Names, addresses and ids, or the words of a failure.
constexpr size_t kEnvelopeBytes = 224;
constexpr size_t kBytesPerHeader = 6;

}  // namespace

AttachedEvent RefusedSend(int64_t send_id, const absl::Status& why) {
  AttachedEvent refused;
  refused.send_id = send_id;
  refused.event.kind = engine::SendEvent::Kind::kFailure;
  refused.event.is_final = true;
  refused.event.failure = why;
  return refused;
}

size_t EstimateSize(const AttachedEvent& event) {
  size_t size = kEnvelopeBytes + event.event.bytes.size();
  if (event.event.kind == engine::SendEvent::Kind::kFailure) {
    size += 2 * event.event.failure.message().size();
  } else if (event.event.view != nullptr && event.view == View::kParsed) {
    size += event.event.view->headers().size() * kBytesPerHeader;
  }
  return size;
}

void FillEvent(AttachedEvent* event, v1::AttachedSendEvent* out) {
  out->set_send_id(event->send_id);
  FillSendEvent(&event->event, event->view, out->mutable_event());
}

}  // namespace sipcm::server
