#include "server/messaging/completion_thread.h"

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <utility>

namespace sipcm::server {
namespace {

// A task on its way through the queue; destroys itself when done.
class PostedTask final : public CompletionTag {
 public:
  explicit PostedTask(absl::AnyInvocable<void()> task) : task_(std::move(task)) {}

  void SendThrough(grpc::CompletionQueue* queue) {
    alarm_.Set(queue, gpr_inf_past(GPR_CLOCK_MONOTONIC), static_cast<CompletionTag*>(this));
  }
  void OnCompletion(bool /*ok*/) override {
    task_();
    delete this;
  }

 private:
  ~PostedTask() = default;

  absl::AnyInvocable<void()> task_;
  grpc::Alarm alarm_;
};

}  // namespace

CompletionThread::CompletionThread(std::unique_ptr<grpc::ServerCompletionQueue> queue)
    : queue_(std::move(queue)) {}

CompletionThread::~CompletionThread() {
  if (thread_.joinable()) Stop();
}

void CompletionThread::Start() { thread_ = std::thread(&CompletionThread::Run, this); }

void CompletionThread::Post(absl::AnyInvocable<void()> task) {
  absl::MutexLock lock(&mutex_);
  if (stopped_) return;
  (new PostedTask(std::move(task)))->SendThrough(queue_.get());
}

void CompletionThread::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    if (stopped_) return;
    stopped_ = true;
    queue_->Shutdown();
  }
  if (thread_.joinable()) {
    thread_.join();
  } else {
    Run();  // never started: what is left in the queue is taken out here
  }
}

void CompletionThread::Run() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) static_cast<CompletionTag*>(tag)->OnCompletion(ok);
}

}  // namespace sipcm::server
