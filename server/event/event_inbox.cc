#include "server/event/event_inbox.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "server/event/event_conversion.h"

namespace sipcm::server {

bool EventInbox::Admit(int64_t* sequence) {
  *sequence = ++sequence_;
  if (waiting_.items.size() < kMaxWaitingCount) return true;
  ++waiting_.lost_count;
  return false;
}

void EventInbox::Put(const engine::EngineEvent& event) {
  const bool is_state = event.kind == engine::EngineEvent::Kind::kWorkerState;
  if (!is_state && !IsTold(event.kind)) return;
  absl::MutexLock lock(&mutex_);
  int64_t sequence = 0;
  // An answer was asked for, and there is one for each worker.
  if (!is_state && !Admit(&sequence)) return;
  if (watcher_count_ == 0 && !is_state && !IsKept(event)) return;
  waiting_.items.push_back({sequence, now_(), event});
}

void EventInbox::Put(sipcm::v1::Event event) {
  absl::MutexLock lock(&mutex_);
  int64_t sequence = 0;
  if (Admit(&sequence)) waiting_.items.push_back({sequence, now_(), std::move(event)});
}

void EventInbox::Put(ResourceState state) {
  absl::MutexLock lock(&mutex_);
  waiting_.items.push_back({0, now_(), std::move(state)});
}

absl::Status EventInbox::Join(std::shared_ptr<EventWatcher> watcher) {
  absl::MutexLock lock(&mutex_);
  if (!end_.ok()) return end_;
  if (watcher_count_ >= kMaxWatcherCount) {
    return MakeError(absl::StatusCode::kResourceExhausted, "RESOURCE_LIMIT",
                     absl::StrCat("there are ", watcher_count_,
                                  " watchers, the most that may be; end one first"));
  }
  ++watcher_count_;
  waiting_.joining.push_back(std::move(watcher));
  return absl::OkStatus();
}

void EventInbox::Leave(std::shared_ptr<EventWatcher> watcher) {
  absl::MutexLock lock(&mutex_);
  --watcher_count_;
  waiting_.leaving.push_back(std::move(watcher));
}

void EventInbox::Wish(std::shared_ptr<EventWatcher> watcher) {
  absl::MutexLock lock(&mutex_);
  waiting_.wishing.push_back(std::move(watcher));
}

void EventInbox::End(const absl::Status& why) {
  absl::MutexLock lock(&mutex_);
  end_ = why;
  waiting_.end = why;
}

void EventInbox::Quit() {
  absl::MutexLock lock(&mutex_);
  waiting_.quits = true;
}

EventInbox::Batch EventInbox::Take() {
  absl::MutexLock lock(&mutex_);
  Batch batch = std::exchange(waiting_, Batch());
  batch.last_sequence = sequence_;
  return batch;
}

bool EventInbox::HasWork() const {
  return !waiting_.items.empty() || waiting_.lost_count > 0 || !waiting_.joining.empty() ||
         !waiting_.leaving.empty() || !waiting_.wishing.empty() || !waiting_.end.ok() ||
         waiting_.quits;
}

void EventInbox::AwaitWork() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &EventInbox::HasWork));
}

}  // namespace sipcm::server
