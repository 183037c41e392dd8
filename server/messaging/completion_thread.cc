#include "server/messaging/completion_thread.h"

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <memory>
#include <utility>

namespace sipcm::server {
namespace {

// Of two threads in gRPC's epoll the one that found work hands the watch to the other, and goes on
// with that work at once. A single one would hand it to a thread of gRPC's own, and every message
// would wake two threads, one after the other.
constexpr int kThreadCount = 2;

}  // namespace

// Brings what was posted through the queue.
class CompletionThread::Door final : public CompletionTag {
 public:
  explicit Door(CompletionThread* thread) : thread_(thread) {}

  void Open(grpc::CompletionQueue* queue) {
    alarm_ = std::make_unique<grpc::Alarm>();
    alarm_->Set(queue, gpr_inf_past(GPR_CLOCK_MONOTONIC), static_cast<CompletionTag*>(this));
  }
  void OnCompletion(bool /*ok*/) override { thread_->RunPosted(); }

 private:
  CompletionThread* const thread_;
  std::unique_ptr<grpc::Alarm> alarm_;
};

CompletionThread::CompletionThread(std::unique_ptr<grpc::ServerCompletionQueue> queue)
    : queue_(std::move(queue)), door_(std::make_unique<Door>(this)) {}

CompletionThread::~CompletionThread() {
  if (!threads_.empty()) Stop();
}

void CompletionThread::Start() {
  for (int i = 0; i < kThreadCount; ++i) threads_.emplace_back(&CompletionThread::Run, this);
}

void CompletionThread::Post(absl::AnyInvocable<void()> task) {
  absl::MutexLock lock(&mutex_);
  if (stopped_) return;
  posted_.push_back(std::move(task));
  if (posted_.size() == 1) door_->Open(queue_.get());
}

void CompletionThread::RunPosted() {
  std::vector<absl::AnyInvocable<void()>> tasks;
  {
    absl::MutexLock lock(&mutex_);
    tasks.swap(posted_);
  }
  for (absl::AnyInvocable<void()>& task : tasks) task();
}

void CompletionThread::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    if (stopped_) return;
    stopped_ = true;
    queue_->Shutdown();
  }
  if (threads_.empty()) return Run();  // never started: what is left in the queue is taken out here
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void CompletionThread::Run() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) {
    absl::MutexLock lock(&turn_);
    static_cast<CompletionTag*>(tag)->OnCompletion(ok);
  }
}

}  // namespace sipcm::server
