#ifndef SIPCM_CORE_EVENT_WORKER_THREAD_H_
#define SIPCM_CORE_EVENT_WORKER_THREAD_H_

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "core/event/libevent_loop.h"

namespace sipcm::event {

// A thread that runs one loop from Start() until StopAndJoin(). What lives on the loop is
// destroyed on it (post that), or after StopAndJoin() by the thread that called it.
// Thread: whoever owns it, one at a time; never its own loop's.
class WorkerThread {
 public:
  // `name`: what top and gdb show; Linux keeps the first 15 bytes.
  // RESOURCE_EXHAUSTED when the system gives no loop or no thread.
  static absl::StatusOr<std::unique_ptr<WorkerThread>> Start(const std::string& name);
  ~WorkerThread() { StopAndJoin(); }

  // Valid until this is destroyed, stopped or not.
  LibeventLoop* loop() { return loop_.get(); }

  // Runs what this thread posted before, then ends the thread. A second call does nothing.
  void StopAndJoin();

 private:
  explicit WorkerThread(std::unique_ptr<LibeventLoop> loop) : loop_(std::move(loop)) {}

  const std::unique_ptr<LibeventLoop> loop_;
  std::thread thread_;
};

}  // namespace sipcm::event

#endif  // SIPCM_CORE_EVENT_WORKER_THREAD_H_
