#ifndef SIPCM_CORE_CONNECTION_TIMERS_LAZY_ALARM_H_
#define SIPCM_CORE_CONNECTION_TIMERS_LAZY_ALARM_H_

#include <memory>

#include "core/base/instant.h"
#include "core/event/event_loop.h"

namespace sipcm::connection {

// One alarm for many deadlines that mostly move later: it is only ever set earlier. When it goes
// off too early its owner looks what is due and arms it again; that costs less than moving it with
// each message (performance.md, design 10). Thread: its loop's.
class LazyAlarm {
 public:
  // `look` is called when the alarm goes off; it may destroy this. A template, so that with a look
  // that captures one pointer nothing more is allocated than the alarm.
  template <typename Look>
  void Start(event::EventLoop* loop, Look look) {
    alarm_ = loop->NewAlarm([this, look]() mutable {
      armed_for_ = Instant::Infinite();
      look();
    });
  }
  void Stop() { alarm_ = nullptr; }
  // Looks at `deadline` at the latest. Nothing happens when it is not started.
  void ArmFor(Instant deadline) {
    if (deadline >= armed_for_ || alarm_ == nullptr) return;
    armed_for_ = deadline;
    alarm_->Set(deadline);
  }
  bool is_started() const { return alarm_ != nullptr; }

 private:
  std::unique_ptr<event::Alarm> alarm_;
  Instant armed_for_ = Instant::Infinite();
};

}  // namespace sipcm::connection

#endif  // SIPCM_CORE_CONNECTION_TIMERS_LAZY_ALARM_H_
