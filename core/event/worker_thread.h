#ifndef SIPCM_CORE_EVENT_WORKER_THREAD_H_
#define SIPCM_CORE_EVENT_WORKER_THREAD_H_

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "core/event/libevent_loop.h"

namespace sipcm::event {

// A thread that runs one loop from Run() until StopAndJoin(). What lives on the loop is made on it,
// or before Run() by the thread that called Create(); it is destroyed on it (post that), or after
// StopAndJoin() by the thread that called it.
// Thread: whoever owns it, one at a time; never its own loop's.
class WorkerThread {
 public:
  // `name`: what top and gdb show; Linux keeps the first 15 bytes.
  // RESOURCE_EXHAUSTED when the system gives no loop.
  static absl::StatusOr<std::unique_ptr<WorkerThread>> Create(const std::string& name);

  // Create() and Run().
  static absl::StatusOr<std::unique_ptr<WorkerThread>> Start(const std::string& name);
  ~WorkerThread() { StopAndJoin(); }

  // Once. RESOURCE_EXHAUSTED when the system gives no thread.
  absl::Status Run();

  // Valid until this is destroyed, running or not.
  LibeventLoop* loop() { return loop_.get(); }

  // Runs what this thread posted before, then ends the thread. A second call does nothing.
  void StopAndJoin();

 private:
  WorkerThread(const std::string& name, std::unique_ptr<LibeventLoop> loop)
      : name_(name), loop_(std::move(loop)) {}

  const std::string name_;
  const std::unique_ptr<LibeventLoop> loop_;
  std::thread thread_;
};

}  // namespace sipcm::event

#endif  // SIPCM_CORE_EVENT_WORKER_THREAD_H_
