#ifndef SIPCM_CORE_EVENT_TIMEOUT_QUEUE_H_
#define SIPCM_CORE_EVENT_TIMEOUT_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/intrusive_list.h"
#include "core/event/event_loop.h"

namespace sipcm::event {

// Many timeouts of few different lengths (answer deadlines, transaction timers), at O(1) each and
// without a heap operation per message: entries of one length wait in one line, which is in order
// of deadline because Now() never goes back. One alarm serves all lines and is left alone when an
// entry goes early, so it may wake for nothing.
// Thread: the loop's. All entries must be disarmed before the queue is destroyed.
class TimeoutQueue {
 public:
  struct LineTag;
  // To derive from. Disarm before destroying.
  class Entry : public ListHook<LineTag> {
   public:
    bool armed() const { return is_linked(); }
    // Meaningful while armed.
    Instant deadline() const { return deadline_; }

   private:
    friend class TimeoutQueue;
    Instant deadline_;
    int64_t length_ = 0;
  };
  class Listener {
   public:
    // `entry` is disarmed and may be armed again or destroyed inside, and others with it.
    virtual void OnTimeout(Entry& entry) = 0;

   protected:
    ~Listener() = default;
  };

  // Both outlive this.
  TimeoutQueue(EventLoop* loop, Listener* listener);
  ~TimeoutQueue();

  // Fires at Now() + after, exactly, not earlier; moves it when armed. Infinite: disarms.
  void Arm(Entry* entry, absl::Duration after);
  // Nothing when not armed.
  void Disarm(Entry* entry);
  size_t size() const { return size_; }

 private:
  using Line = IntrusiveList<Entry, LineTag>;

  void OnAlarm();
  void SetAlarm();

  EventLoop* const loop_;
  Listener* const listener_;
  std::unique_ptr<Alarm> alarm_;
  Instant alarm_deadline_ = Instant::Infinite();
  std::map<int64_t, Line> lines_;  // by length in nanoseconds; empty ones go when the alarm fires
  size_t size_ = 0;
};

}  // namespace sipcm::event

#endif  // SIPCM_CORE_EVENT_TIMEOUT_QUEUE_H_
