#include "core/engine/throttling/send_pacer.h"

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/error.h"

namespace sipcm::engine {

SendPacer::~SendPacer() { SIPCM_CHECK_MESSAGE(lanes_.empty(), "sends are in lanes"); }

absl::Status SendPacer::FullError(const dispatch::Endpoint& endpoint) {
  return MakeError(absl::StatusCode::kResourceExhausted, "SEND_QUEUE_FULL",
                   absl::StrCat("endpoint \"endpoints/", endpoint.id, "\" is throttled and ",
                                kMaxWaiting, " sends wait for answers already; send more slowly"));
}

SendPacer::Admission SendPacer::Enter(const dispatch::Endpoint& endpoint, const SendOrder& order,
                                      PacedSend* send, ThrottleChange* change) {
  SIPCM_CHECK(send->lane == nullptr);
  *change = ThrottleChange::kNone;
  if (endpoint.pacing == dispatch::SendPacing::kNone) return Admission::kNow;
  const std::string key = absl::StrCat(
      endpoint.id, " ",
      order.connection.is_valid() ? order.connection.ToString() : order.destination->PoolId());
  std::unique_ptr<SendLane>& lane = lanes_[key];
  if (lane == nullptr) {
    lane = std::make_unique<SendLane>();
    lane->key = key;
  }
  if (lane->outstanding < kMostOutstanding) {
    ++lane->outstanding;
    send->lane = lane.get();
    return Admission::kNow;
  }
  if (lane->waiting_count >= kMaxWaiting) return Admission::kFull;
  if (lane->waiting_count++ == 0) *change = ThrottleChange::kStarted;
  send->lane = lane.get();
  send->waits_in_lane = true;
  lane->waiting.PushBack(send);
  return Admission::kWaits;
}

PacedSend* SendPacer::Leave(PacedSend* send, ThrottleChange* change) {
  *change = ThrottleChange::kNone;
  SendLane* const lane = send->lane;
  if (lane == nullptr) return nullptr;
  send->lane = nullptr;
  PacedSend* next = nullptr;
  PacedSend* leaves_line = send->waits_in_lane ? send : nullptr;
  if (leaves_line == nullptr) {
    next = lane->waiting.front();
    leaves_line = next;
    if (next == nullptr) --lane->outstanding;
  }
  if (leaves_line != nullptr) {
    lane->waiting.Remove(leaves_line);
    leaves_line->waits_in_lane = false;
    if (--lane->waiting_count == 0) *change = ThrottleChange::kEnded;
  }
  if (lane->outstanding == 0) lanes_.erase(std::string(lane->key));
  return next;
}

}  // namespace sipcm::engine
