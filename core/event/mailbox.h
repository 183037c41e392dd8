#ifndef SIPCM_CORE_EVENT_MAILBOX_H_
#define SIPCM_CORE_EVENT_MAILBOX_H_

#include <cstddef>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"

namespace sipcm::event {

// Tasks on their way into one loop. The mutex is held to append one task or to swap the whole
// vector, never while a task runs; both vectors keep their memory, so steady traffic allocates
// nothing here. Unbounded by itself: what is posted is bounded by the queues of the poster.
class Mailbox {
 public:
  using Task = absl::AnyInvocable<void()>;

  Mailbox() = default;
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  // Waiting tasks are destroyed without running, and what their destructors put here as well.
  ~Mailbox() { Clear(); }

  // Any thread. True when it was empty: then, and only then, the owner must be woken.
  [[nodiscard]] bool Put(Task task) ABSL_LOCKS_EXCLUDED(mutex_);
  // Owner. Runs what waits now, in order; what these tasks put waits for the next call.
  // Returns how many ran.
  size_t RunWaiting() ABSL_LOCKS_EXCLUDED(mutex_);
  // Owner. Destroys what waits without running it.
  void Clear() ABSL_LOCKS_EXCLUDED(mutex_);
  bool empty() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // A burst's memory is not kept for ever.
  static constexpr size_t kKeptCapacity = 4096;

  mutable absl::Mutex mutex_;
  std::vector<Task> waiting_ ABSL_GUARDED_BY(mutex_);
  std::vector<Task> running_;  // the owner's
};

}  // namespace sipcm::event

#endif  // SIPCM_CORE_EVENT_MAILBOX_H_
