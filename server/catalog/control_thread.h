#ifndef SIPCM_SERVER_CATALOG_CONTROL_THREAD_H_
#define SIPCM_SERVER_CATALOG_CONTROL_THREAD_H_

#include <deque>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"

namespace sipcm::server {

// Runs, in order, what the engine's workers have no time for: building the answers of control
// calls (a list of 19,000 connections takes a worker's turn many times over). What waits here is
// bounded by the calls that wait for their answer.
class ControlThread {
 public:
  ControlThread();
  // Runs what was posted before, then ends.
  ~ControlThread();
  ControlThread(const ControlThread&) = delete;
  ControlThread& operator=(const ControlThread&) = delete;

  // Any thread; never blocks for long, never runs `task` inside.
  void Post(absl::AnyInvocable<void()> task);

 private:
  void Run();
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return ending_ || !tasks_.empty(); }

  absl::Mutex mutex_;
  std::deque<absl::AnyInvocable<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CATALOG_CONTROL_THREAD_H_
