#ifndef SIPCM_CORE_EVENT_TIMEOUT_QUEUE_H_
#define SIPCM_CORE_EVENT_TIMEOUT_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/intrusive_list.h"
#include "core/event/event_loop.h"

namespace sipcm::event {

// Many timeouts of few different lengths (answer deadlines, transaction timers), at O(1) each and
// without a heap operation per message: entries of one length wait in one line, which is in order
// of deadline because Now() never goes back. One alarm serves all lines and is left alone when an
// entry goes early, so it may wake for nothing. Many different lengths cost O(log lines) each.
// Thread: the loop's. All entries must be disarmed before the queue is destroyed.
class TimeoutQueue {
  struct Line;

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
    Line* line_ = nullptr;
  };
  class Listener {
   public:
    // `entry` is disarmed and may be armed again or destroyed inside, and others with it. Arming
    // without delay does not hold up the turn: it ends and the next one goes on.
    virtual void OnTimeout(Entry& entry) = 0;

   protected:
    ~Listener() = default;
  };

  // Both outlive this.
  TimeoutQueue(EventLoop* loop, Listener* listener);
  ~TimeoutQueue();

  // Fires at Now() + after, exactly, not earlier; moves it when armed. Infinite: disarms. Those of
  // one length fire in the order they were armed.
  void Arm(Entry* entry, absl::Duration after);
  // Nothing when not armed.
  void Disarm(Entry* entry);
  size_t size() const { return size_; }

 private:
  struct Line {
    explicit Line(int64_t length) : length(length) {}
    const int64_t length;  // nanoseconds
    IntrusiveList<Entry, LineTag> entries;
    bool in_heap = false;
  };
  // When a line is to be looked at: never after its first deadline.
  struct Look {
    Instant when;
    Line* line;
  };

  static bool IsLater(const Look& a, const Look& b) { return b.when < a.when; }
  Line& LineOf(int64_t length, Instant first_deadline);
  void PushLook(Line* line, Instant when);
  void OnAlarm();
  void FireDue(Line& line, Instant now);
  void DropEmptyLines();
  void SetAlarm();

  EventLoop* const loop_;
  Listener* const listener_;
  std::unique_ptr<Alarm> alarm_;
  Instant alarm_deadline_ = Instant::Infinite();
  absl::flat_hash_map<int64_t, std::unique_ptr<Line>> lines_;
  // One look per line, but for those that OnAlarm() is at: a heap, earliest first.
  std::vector<Look> looks_;
  std::vector<Line*> due_;  // OnAlarm()'s
  size_t drop_at_;          // lines, before empty ones are dropped
  size_t size_ = 0;
};

}  // namespace sipcm::event

#endif  // SIPCM_CORE_EVENT_TIMEOUT_QUEUE_H_
