#ifndef SIPCM_CLIENTS_CPP_APPLICATION_STREAM_H_
#define SIPCM_CLIENTS_CPP_APPLICATION_STREAM_H_

// For application.cc and application_stream.cc only: it brings gRPC's headers with it.

#include <grpcpp/alarm.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/support/async_stream.h>

#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/container/node_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/synchronization/mutex.h"
#include "clients/cpp/application.h"
#include "clients/cpp/frame_queue.h"
#include "core/base/backoff.h"
#include "core/base/random_source.h"
#include "proto/reused_message.h"
#include "proto/sipcm/v1/messaging.grpc.pb.h"

namespace sipcm::client {

// The stream of an Application, on its own completion queue and thread. At most one read and one
// write are under way; a write is started by whoever has something to tell when none is.
class Application::Stream {
 public:
  Stream(const std::shared_ptr<grpc::Channel>& channel, ApplicationOptions options,
         ApplicationHandler* handler);
  ~Stream();

  void Start();
  void Stop(absl::Duration grace);
  // Adds one item of about `bytes` to the next frame; not while there is no stream.
  void Add(size_t bytes, absl::FunctionRef<void(v1::ApplicationFrame*)> fill);
  int64_t Send(const v1::SendRequest& request, SendCallback on_event);
  void Grant(int subscription, int max_outstanding_count);
  void Pause();

 private:
  using Sends = absl::node_hash_map<int64_t, SendCallback>;
  enum class Operation : intptr_t { kStart = 1, kRead, kWrite, kFinish, kRetry };
  struct Call {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientAsyncReaderWriter<v1::ApplicationFrame, v1::ServerFrame>> stream;
  };

  static void* Tag(Operation operation) { return reinterpret_cast<void*>(operation); }
  void Run();
  void OnCompletion(Operation operation, bool ok);

  void Open();
  void OnStarted(bool ok);
  void OnRead(bool ok);
  void OnWritten(bool ok);
  void OnFinished();
  v1::ApplicationFrame OpenFrame() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AddSubscription(int id, v1::Open* open) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Its token is no good, as after a restart of the server: without it, it is tried again.
  bool BeginsAfresh(const v1::SubscriptionEnded& ended);

  void Retry();
  void HandleFrame();
  void HandleDelivery(const v1::Delivery& delivery);
  void HandleEvent(const v1::AttachedSendEvent& event);
  void FailSends(Sends sends, const absl::Status& why);

  // Starts the next operation when none of its kind is under way and it may go out.
  void UnlockAndWrite() ABSL_UNLOCK_FUNCTION(mutex_);
  void FinishIfOver();

  const std::unique_ptr<v1::Messaging::Stub> stub_;
  const ApplicationOptions options_;
  ApplicationHandler* const handler_;
  SystemRandomSource random_;
  Backoff backoff_;

  grpc::CompletionQueue queue_;
  std::thread thread_;

  // The thread's.
  ReusedMessage<v1::ServerFrame> incoming_;
  std::vector<std::string> tokens_;  // to resume each subscription by, from 1; empty: none
  bool reading_ = false;
  bool finishing_ = false;
  grpc::Status final_status_;

  absl::Mutex mutex_;
  std::unique_ptr<Call> call_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<grpc::Alarm> retry_ ABSL_GUARDED_BY(mutex_);
  FrameQueue frames_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<FrameQueue::Frame> written_ ABSL_GUARDED_BY(mutex_);  // being written
  bool connected_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool corked_ ABSL_GUARDED_BY(mutex_) = false;  // a frame is being handled
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool half_closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;         // the thread is done
  std::vector<int> credits_ ABSL_GUARDED_BY(mutex_);  // by subscription, from 1; -1: the default
  int64_t next_send_id_ ABSL_GUARDED_BY(mutex_) = 1;
  // Only the thread takes out of it, and nobody moves what is in: it may call them unlocked.
  Sends sends_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipcm::client

#endif  // SIPCM_CLIENTS_CPP_APPLICATION_STREAM_H_
