#include "core/event/timeout_queue.h"

#include <algorithm>

#include "core/base/check.h"

namespace sipcm::event {

TimeoutQueue::TimeoutQueue(EventLoop* loop, Listener* listener)
    : loop_(loop), listener_(listener), alarm_(loop->NewAlarm([this] { OnAlarm(); })) {}

TimeoutQueue::~TimeoutQueue() { SIPCM_CHECK_MESSAGE(size_ == 0, "timeouts are still armed"); }

void TimeoutQueue::Arm(Entry* entry, absl::Duration after) {
  Disarm(entry);
  if (after == absl::InfiniteDuration()) return;
  entry->deadline_ = loop_->Now() + after;
  entry->length_ = absl::ToInt64Nanoseconds(after);
  lines_[entry->length_].PushBack(entry);
  ++size_;
  if (entry->deadline_ < alarm_deadline_) {
    alarm_deadline_ = entry->deadline_;
    alarm_->Set(alarm_deadline_);
  }
}

void TimeoutQueue::Disarm(Entry* entry) {
  if (!entry->armed()) return;
  auto line = lines_.find(entry->length_);
  SIPCM_CHECK(line != lines_.end());
  line->second.Remove(entry);
  --size_;
}

void TimeoutQueue::OnAlarm() {
  alarm_deadline_ = Instant::Infinite();
  const Instant now = loop_->Now();
  // The listener may arm and disarm anything: look again from the start after each call. Lines are
  // few, and only due ones cost more than a look at their head.
  for (bool found = true; found;) {
    found = false;
    for (auto& [length, line] : lines_) {
      Entry* entry = line.front();
      if (entry == nullptr || now < entry->deadline_) continue;
      line.Remove(entry);
      --size_;
      listener_->OnTimeout(*entry);
      found = true;
      break;
    }
  }
  SetAlarm();
}

void TimeoutQueue::SetAlarm() {
  Instant earliest = Instant::Infinite();
  for (auto it = lines_.begin(); it != lines_.end();) {
    Entry* entry = it->second.front();
    if (entry == nullptr) {
      it = lines_.erase(it);
    } else {
      earliest = std::min(earliest, entry->deadline_);
      ++it;
    }
  }
  alarm_deadline_ = earliest;
  alarm_->Set(earliest);
}

}  // namespace sipcm::event
