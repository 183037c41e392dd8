#include "core/event/timeout_queue.h"

#include <algorithm>

#include "core/base/check.h"

namespace sipcm::event {
namespace {

constexpr size_t kFewLines = 64;

}  // namespace

TimeoutQueue::TimeoutQueue(EventLoop* loop, Listener* listener)
    : loop_(loop),
      listener_(listener),
      alarm_(loop->NewAlarm([this] { OnAlarm(); })),
      drop_at_(kFewLines) {}

TimeoutQueue::~TimeoutQueue() { SIPCM_CHECK_MESSAGE(size_ == 0, "timeouts are still armed"); }

void TimeoutQueue::Arm(Entry* entry, absl::Duration after) {
  Disarm(entry);
  if (after == absl::InfiniteDuration()) return;
  entry->deadline_ = loop_->Now() + after;
  Line& line = LineOf(absl::ToInt64Nanoseconds(after), entry->deadline_);
  line.entries.PushBack(entry);
  entry->line_ = &line;
  ++size_;
}

void TimeoutQueue::Disarm(Entry* entry) {
  if (!entry->armed()) return;
  entry->line_->entries.Remove(entry);
  --size_;
}

TimeoutQueue::Line& TimeoutQueue::LineOf(int64_t length, Instant first_deadline) {
  // A line that exists has its look, which is not too late for a deadline at its back.
  if (const auto found = lines_.find(length); found != lines_.end()) return *found->second;
  if (lines_.size() >= drop_at_) DropEmptyLines();
  auto made = std::make_unique<Line>(length);
  Line& line = *made;
  lines_[length] = std::move(made);
  PushLook(&line, first_deadline);
  if (first_deadline < alarm_deadline_) {
    alarm_deadline_ = first_deadline;
    alarm_->Set(alarm_deadline_);
  }
  return line;
}

void TimeoutQueue::PushLook(Line* line, Instant when) {
  line->in_heap = true;
  looks_.push_back({when, line});
  std::push_heap(looks_.begin(), looks_.end(), IsLater);
}

void TimeoutQueue::OnAlarm() {
  alarm_deadline_ = Instant::Infinite();
  const Instant now = loop_->Now();
  // First all lines that are due, then each of them once: a listener that arms without delay gets
  // its next call in the next turn and cannot hold this one.
  while (!looks_.empty() && looks_.front().when <= now) {
    std::pop_heap(looks_.begin(), looks_.end(), IsLater);
    looks_.back().line->in_heap = false;
    due_.push_back(looks_.back().line);
    looks_.pop_back();
  }
  for (Line* line : due_) {
    FireDue(*line, now);
    if (Entry* first = line->entries.front(); first != nullptr) {
      PushLook(line, first->deadline_);
    } else {
      const int64_t length = line->length;
      lines_.erase(length);
    }
  }
  due_.clear();
  SetAlarm();
}

void TimeoutQueue::FireDue(Line& line, Instant now) {
  // The listener may arm and disarm anything, also in this line: what it arms goes to the back.
  for (size_t left = line.entries.size(); left > 0; --left) {
    Entry* entry = line.entries.front();
    if (entry == nullptr || now < entry->deadline_) return;
    line.entries.Remove(entry);
    --size_;
    listener_->OnTimeout(*entry);
  }
}

// Lengths that a caller chooses freely must not leave lines behind for as long as they are long.
void TimeoutQueue::DropEmptyLines() {
  looks_.erase(std::remove_if(looks_.begin(), looks_.end(),
                              [](const Look& look) { return look.line->entries.empty(); }),
               looks_.end());
  std::make_heap(looks_.begin(), looks_.end(), IsLater);
  // Those that OnAlarm() is at stay until it is done with them.
  absl::erase_if(lines_, [](const auto& item) {
    return item.second->in_heap && item.second->entries.empty();
  });
  drop_at_ = std::max(kFewLines, 2 * lines_.size());
}

void TimeoutQueue::SetAlarm() {
  alarm_deadline_ = looks_.empty() ? Instant::Infinite() : looks_.front().when;
  alarm_->Set(alarm_deadline_);
}

}  // namespace sipcm::event
