#include "core/event/alarm_queue.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace sipcm::event {

class AlarmQueue::QueuedAlarm final : public Alarm {
 public:
  enum class Place : uint8_t { kNone, kHeap, kFiring };

  QueuedAlarm(AlarmQueue* queue, absl::AnyInvocable<void()> callback)
      : queue_(queue), callback_(std::move(callback)) {
    ++queue_->alarm_count_;
  }

  ~QueuedAlarm() override {
    if (place_ == Place::kHeap) queue_->RemoveAt(position_);
    LeaveFiring();
    if (queue_->running_ == this) queue_->running_ = nullptr;
    --queue_->alarm_count_;
  }

  void Set(Instant deadline) override {
    if (deadline.is_infinite()) return Cancel();
    LeaveFiring();
    deadline_ = deadline;
    set_order_ = ++queue_->set_count_;
    if (place_ == Place::kNone) {
      queue_->Push(this);
    } else if (deadline < queue_->heap_[position_].when) {
      queue_->heap_[position_].when = deadline;
      queue_->heap_[position_].set_order = set_order_;
      queue_->SiftUp(position_);
    }
  }

  void Cancel() override {
    LeaveFiring();
    deadline_ = Instant::Infinite();
  }

  bool armed() const override { return !deadline_.is_infinite(); }

 private:
  friend class AlarmQueue;

  void LeaveFiring() {
    if (place_ != Place::kFiring) return;
    queue_->firing_[position_] = nullptr;
    place_ = Place::kNone;
  }

  AlarmQueue* const queue_;
  absl::AnyInvocable<void()> callback_;
  Instant deadline_ = Instant::Infinite();
  // In 64 bytes, because each connection has an alarm.
  uint32_t set_order_ = 0;
  uint32_t position_ : 30 = 0;  // in heap_ or firing_
  Place place_ : 2 = Place::kNone;
};

AlarmQueue::~AlarmQueue() { SIPCM_CHECK_MESSAGE(alarm_count_ == 0, "an alarm outlives its loop"); }

std::unique_ptr<Alarm> AlarmQueue::NewAlarm(absl::AnyInvocable<void()> callback) {
  return std::make_unique<QueuedAlarm>(this, std::move(callback));
}

Instant AlarmQueue::earliest_bound() const {
  return heap_.empty() ? Instant::Infinite() : heap_.front().when;
}

Instant AlarmQueue::Earliest() {
  while (!heap_.empty() && RefreshTop()) {
  }
  return earliest_bound();
}

size_t AlarmQueue::RunDue(Instant now) {
  while (!heap_.empty() && heap_.front().when <= now) {
    if (RefreshTop()) continue;
    QueuedAlarm* const alarm = heap_.front().alarm;
    RemoveAt(0);
    alarm->place_ = QueuedAlarm::Place::kFiring;
    alarm->position_ = static_cast<uint32_t>(firing_.size());
    firing_.push_back(alarm);
  }
  size_t fired = 0;
  for (size_t i = 0; i < firing_.size(); ++i) {
    QueuedAlarm* const alarm = firing_[i];
    if (alarm == nullptr) continue;
    firing_[i] = nullptr;
    alarm->place_ = QueuedAlarm::Place::kNone;
    alarm->deadline_ = Instant::Infinite();
    // The callback may destroy its alarm, so it runs from here and goes back if there is a back.
    running_ = alarm;
    absl::AnyInvocable<void()> callback = std::move(alarm->callback_);
    callback();
    if (running_ != nullptr) alarm->callback_ = std::move(callback);
    running_ = nullptr;
    ++fired;
  }
  firing_.clear();
  return fired;
}

size_t AlarmQueue::CountArmed() const {
  const auto armed = [](const Entry& entry) { return entry.alarm->armed(); };
  const auto waiting = [](const QueuedAlarm* alarm) { return alarm != nullptr; };
  return std::count_if(heap_.begin(), heap_.end(), armed) +
         std::count_if(firing_.begin(), firing_.end(), waiting);
}

void AlarmQueue::Push(QueuedAlarm* alarm) {
  heap_.emplace_back();
  alarm->place_ = QueuedAlarm::Place::kHeap;
  Place(Entry{alarm->deadline_, alarm->set_order_, alarm}, heap_.size() - 1);
  SiftUp(heap_.size() - 1);
}

void AlarmQueue::RemoveAt(size_t position) {
  heap_[position].alarm->place_ = QueuedAlarm::Place::kNone;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (position == heap_.size()) return;
  Place(last, position);
  SiftUp(position);
  SiftDown(last.alarm->position_);
}

bool AlarmQueue::RefreshTop() {
  Entry& top = heap_.front();
  QueuedAlarm* const alarm = top.alarm;
  if (!alarm->armed()) {
    RemoveAt(0);
    return true;
  }
  if (top.when == alarm->deadline_ && top.set_order == alarm->set_order_) return false;
  top.when = alarm->deadline_;
  top.set_order = alarm->set_order_;
  SiftDown(0);
  return true;
}

void AlarmQueue::SiftUp(size_t position) {
  const Entry entry = heap_[position];
  while (position > 0) {
    const size_t parent = (position - 1) / 2;
    if (!entry.IsBefore(heap_[parent])) break;
    Place(heap_[parent], position);
    position = parent;
  }
  Place(entry, position);
}

void AlarmQueue::SiftDown(size_t position) {
  const Entry entry = heap_[position];
  while (true) {
    size_t child = 2 * position + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].IsBefore(heap_[child])) ++child;
    if (!heap_[child].IsBefore(entry)) break;
    Place(heap_[child], position);
    position = child;
  }
  Place(entry, position);
}

void AlarmQueue::Place(const Entry& entry, size_t position) {
  heap_[position] = entry;
  entry.alarm->position_ = static_cast<uint32_t>(position);
}

}  // namespace sipcm::event
