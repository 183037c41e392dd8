#ifndef SIPCM_SERVER_MESSAGING_COMPLETION_THREAD_H_
#define SIPCM_SERVER_MESSAGING_COMPLETION_THREAD_H_

#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"

namespace grpc {
class ServerCompletionQueue;
}

namespace sipcm::server {

// What a gRPC operation of ours calls when it is done: its address is the operation's tag.
class CompletionTag {
 public:
  // On the completion thread. `ok`: as gRPC says for the operation.
  virtual void OnCompletion(bool ok) = 0;

 protected:
  ~CompletionTag() = default;
};

// A tag that calls a member function of its owner.
template <typename Owner>
class MemberTag final : public CompletionTag {
 public:
  using Method = void (Owner::*)(bool ok);
  MemberTag(Owner* owner, Method method) : owner_(owner), method_(method) {}
  void OnCompletion(bool ok) override { (owner_->*method_)(ok); }

 private:
  Owner* const owner_;
  const Method method_;
};

// The thread that streams complete on (performance.md, design 4): two that take turns, so that what
// runs here never runs at the same time, in no matter which order two operations completed.
class CompletionThread {
 public:
  explicit CompletionThread(std::unique_ptr<grpc::ServerCompletionQueue> queue);
  ~CompletionThread();  // Stop() first, when it was started
  CompletionThread(const CompletionThread&) = delete;
  CompletionThread& operator=(const CompletionThread&) = delete;

  grpc::ServerCompletionQueue* queue() { return queue_.get(); }

  void Start();
  // Any thread. `task` runs soon on the completion thread, after those that were posted before;
  // dropped (and destroyed) after Stop().
  void Post(absl::AnyInvocable<void()> task);
  // Only after the gRPC server was shut down. Runs what is left, then joins.
  void Stop();

 private:
  class Door;

  void Run();
  void RunPosted();

  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  const std::unique_ptr<Door> door_;  // open while something is posted
  std::vector<std::thread> threads_;
  absl::Mutex turn_;  // held by the one that handles a completion
  absl::Mutex mutex_;
  std::vector<absl::AnyInvocable<void()>> posted_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_COMPLETION_THREAD_H_
