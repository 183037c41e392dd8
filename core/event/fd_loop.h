#ifndef SIPCM_CORE_EVENT_FD_LOOP_H_
#define SIPCM_CORE_EVENT_FD_LOOP_H_

#include <memory>

#include "core/event/event_loop.h"

namespace sipcm::event {

// What a watched descriptor tells. Level-triggered: told again next turn until dealt with.
// Thread: the loop's. The listener may destroy the watch from inside.
class FdListener {
 public:
  virtual void OnFdReadable() = 0;
  virtual void OnFdWritable() = 0;

 protected:
  ~FdListener() = default;
};

// Watches one descriptor, which it does not own. Destroying it ends the watch; destroy it before
// the descriptor is closed. Thread: the loop's.
class FdWatch {
 public:
  virtual ~FdWatch() = default;
  virtual void SetInterest(bool readable, bool writable) = 0;
};

// A loop that knows descriptors: the production one. Only core/net uses this; everything above
// stands on EventLoop and runs on a manual one too.
class FdLoop : public EventLoop {
 public:
  // Begins with no interest. `listener` must outlive the watch.
  virtual std::unique_ptr<FdWatch> WatchFd(int fd, FdListener* listener) = 0;
};

}  // namespace sipcm::event

#endif  // SIPCM_CORE_EVENT_FD_LOOP_H_
