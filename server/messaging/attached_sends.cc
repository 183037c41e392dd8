#include "server/messaging/attached_sends.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/validation/field_checks.h"

namespace sipcm::server {

absl::Status AttachedSends::Add(int64_t send_id, View view) {
  SIPCM_RETURN_IF_ERROR(CheckRange(send_id, 1, std::numeric_limits<int64_t>::max(), "send_id"));
  absl::MutexLock lock(&mutex_);
  if (views_.contains(send_id)) {
    return WithField(MakeError(absl::StatusCode::kAlreadyExists, "SEND_ID_IN_USE",
                               absl::StrCat("send_id: ", send_id,
                                            " is an unfinished send of this stream, which goes "
                                            "on; choose another number")),
                     "send_id");
  }
  if (views_.size() >= kMaxOpenSendCount) {
    return MakeError(absl::StatusCode::kResourceExhausted, "SEND_QUEUE_FULL",
                     absl::StrCat("this stream has ", kMaxOpenSendCount,
                                  " unfinished sends, the most there may be; slow down"));
  }
  views_[send_id] = view;
  return absl::OkStatus();
}

void AttachedSends::Take(std::vector<engine::SendEvent> events,
                         absl::FunctionRef<void(AttachedEvent&&)> tell) {
  absl::MutexLock lock(&mutex_);
  for (engine::SendEvent& event : events) {
    const auto view = views_.find(static_cast<int64_t>(event.cookie));
    if (view == views_.end()) continue;
    AttachedEvent told{view->first, view->second, std::move(event)};
    if (told.event.is_final) views_.erase(view);
    tell(std::move(told));
  }
}

std::vector<uint64_t> AttachedSends::CookiesOf(const v1::ApplicationFrame& frame) const {
  std::vector<uint64_t> cookies;
  absl::MutexLock lock(&mutex_);
  for (const v1::CancelSend& cancel : frame.cancels()) {
    if (views_.contains(cancel.send_id())) {
      cookies.push_back(static_cast<uint64_t>(cancel.send_id()));
    }
  }
  return cookies;
}

std::vector<uint64_t> AttachedSends::AllCookies() const {
  std::vector<uint64_t> cookies;
  absl::MutexLock lock(&mutex_);
  for (const auto& [send_id, view] : views_) cookies.push_back(static_cast<uint64_t>(send_id));
  return cookies;
}

bool AttachedSends::empty() const {
  absl::MutexLock lock(&mutex_);
  return views_.empty();
}

}  // namespace sipcm::server
