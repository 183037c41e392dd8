#ifndef SIPCM_CORE_EVENT_LOOP_THREAD_H_
#define SIPCM_CORE_EVENT_LOOP_THREAD_H_

#include <atomic>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "core/base/check.h"

namespace sipcm::event {

// "Being on the loop's thread", as a capability that clang's -Wthread-safety checks: members are
// ABSL_GUARDED_BY(thread_), private helpers ABSL_EXCLUSIVE_LOCKS_REQUIRED(thread_), and each entry
// from the loop (a callback) begins with AssertHeld(). It locks nothing.
class ABSL_LOCKABLE LoopThread {
 public:
  // Binds to the calling thread; the loop does so when it begins to run.
  void BindToCurrent() { id_.store(std::this_thread::get_id(), std::memory_order_relaxed); }
  // When the loop has stopped for good: it belongs to whoever tears it down (after a join).
  void Unbind() { id_.store(std::thread::id(), std::memory_order_relaxed); }
  // An unbound loop (before it runs) belongs to whoever sets it up.
  bool IsCurrent() const {
    const std::thread::id id = id_.load(std::memory_order_relaxed);
    return id == std::thread::id() || id == std::this_thread::get_id();
  }
  // Stricter: false for an unbound loop too.
  bool IsBoundToCurrent() const {
    return id_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }
  void AssertHeld() const ABSL_ASSERT_EXCLUSIVE_LOCK() {
    SIPCM_CHECK_MESSAGE(IsCurrent(), "called from a thread that is not the loop's");
  }

 private:
  std::atomic<std::thread::id> id_{};
};

}  // namespace sipcm::event

#endif  // SIPCM_CORE_EVENT_LOOP_THREAD_H_
