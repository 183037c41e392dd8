#ifndef SIPCM_CORE_EVENT_ALARM_QUEUE_H_
#define SIPCM_CORE_EVENT_ALARM_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "core/base/instant.h"
#include "core/event/event_loop.h"

namespace sipcm::event {

// The alarms of one loop, earliest first; of equal deadlines the one set first fires first. Built
// for idle timers that every message pushes back: moving an armed alarm to a later time, and
// cancelling one, only change the alarm; its place in the heap is put right when it comes up. So
// Set() costs no heap operation per message. Thread: the loop's.
class AlarmQueue {
 public:
  AlarmQueue() = default;
  AlarmQueue(const AlarmQueue&) = delete;
  AlarmQueue& operator=(const AlarmQueue&) = delete;
  // All alarms are gone by now: a CHECK.
  ~AlarmQueue();

  // The alarm must be destroyed before this queue.
  std::unique_ptr<Alarm> NewAlarm(absl::AnyInvocable<void()> callback);

  // Not later than the earliest deadline; perhaps earlier, by the laziness above. Infinite: none.
  Instant earliest_bound() const;
  // The earliest deadline itself.
  Instant Earliest();

  // Fires what was due by `now` when this was called; what callbacks set meanwhile waits for the
  // next call, even if due. Returns how many fired.
  size_t RunDue(Instant now);

  // Alarms alive, armed or not; and armed ones (counted one by one: for tests).
  size_t size() const { return alarm_count_; }
  size_t CountArmed() const;

 private:
  class QueuedAlarm;
  struct Entry {
    Instant when;
    uint32_t set_order;  // goes round; of one instant those are compared that were set together
    QueuedAlarm* alarm;
    bool IsBefore(const Entry& other) const {
      if (when != other.when) return when < other.when;
      return static_cast<int32_t>(set_order - other.set_order) < 0;
    }
  };

  void Push(QueuedAlarm* alarm);
  void RemoveAt(size_t position);
  // Brings the top up to date with its alarm. False when it was already.
  bool RefreshTop();
  void SiftUp(size_t position);
  void SiftDown(size_t position);
  void Place(const Entry& entry, size_t position);

  std::vector<Entry> heap_;
  std::vector<QueuedAlarm*> firing_;  // null: cancelled, moved or destroyed while it waited
  QueuedAlarm* running_ = nullptr;    // null also when destroyed by its own callback
  uint32_t set_count_ = 0;
  size_t alarm_count_ = 0;
};

}  // namespace sipcm::event

#endif  // SIPCM_CORE_EVENT_ALARM_QUEUE_H_
