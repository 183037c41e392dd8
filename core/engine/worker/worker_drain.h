#ifndef SIPCM_CORE_ENGINE_WORKER_WORKER_DRAIN_H_
#define SIPCM_CORE_ENGINE_WORKER_WORKER_DRAIN_H_

#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/event/event_loop.h"

namespace sipcm::engine {

// The end of one worker: what is open is waited for, what is left at the deadline is ended, then
// all connections are closed. Thread: the loop's.
class WorkerDrain {
 public:
  class Host {
   public:
    // Requests without a final answer, ours and the peers', 2xx without their ACK, and what is on
    // its way to another worker or connection.
    virtual bool HasOpenWork() const = 0;
    // Answers and fails all of it.
    virtual void EndOpenWork() = 0;
    virtual bool HasConnections() const = 0;
    // Those that a peer does not let go are closed with the worker.
    virtual void CloseConnections() = 0;

   protected:
    ~Host() = default;
  };

  // Both outlive this.
  WorkerDrain(event::EventLoop* loop, Host* host) : loop_(loop), host_(host) {}

  // `done` is called when it is over. Of several calls the earliest deadline holds, and their
  // `done`s are called in order, of a call after the end from inside it.
  void Begin(absl::Duration timeout, absl::AnyInvocable<void()> done);
  // Something ended, which may have been the last.
  void Check();

  bool has_begun() const { return state_ != State::kNot; }
  // Nothing may be opened any more.
  bool is_closing() const { return state_ > State::kWaiting; }

 private:
  enum class State : unsigned char { kNot, kWaiting, kClosing, kDone };

  void Close();
  void Finish();
  void OnAlarm();

  event::EventLoop* const loop_;
  Host* const host_;
  State state_ = State::kNot;
  std::unique_ptr<event::Alarm> alarm_;
  Instant deadline_;
  std::vector<absl::AnyInvocable<void()>> done_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_WORKER_WORKER_DRAIN_H_
