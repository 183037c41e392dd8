#ifndef SIPCM_SERVER_MESSAGING_STREAM_HOST_H_
#define SIPCM_SERVER_MESSAGING_STREAM_HOST_H_

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "server/messaging/attach_session.h"
#include "server/messaging/completion_thread.h"

namespace sipcm::server {

// One call on the completion queue, from the moment it is waited for.
class HostedStream {
 public:
  virtual ~HostedStream() = default;
  // Tells `why` and ends in order; nothing while its call has not arrived. On the completion
  // thread.
  virtual void End(const absl::Status& why) = 0;
};

// What all streams of the service share. Lives as long as the service.
class StreamHost {
 public:
  StreamHost(engine::Engine* engine, EndpointLookup lookup, CompletionThread* thread);

  engine::Engine* engine() const { return environment_.engine; }
  const EndpointLookup& lookup() const { return environment_.lookup; }
  const AttachSession::Environment* environment() const { return &environment_; }
  CompletionThread* thread() const { return thread_; }

  // --- The completion thread, and before it runs ---
  // `stream` waits for its call.
  void AddWaiting(std::shared_ptr<HostedStream> stream);
  // Its call arrived. Not OK: it has to end with that status.
  absl::Status OnArrived();
  // Its call is over, or none will come. Usually destroys it.
  void Remove(const std::shared_ptr<HostedStream>& stream);
  // Ends all streams with `why`, and each that comes later.
  void EndAll(const absl::Status& why);

  // Any other thread, after the gRPC server was shut down: returns once no stream is left, so that
  // none starts an operation any more.
  void AwaitNone();

 private:
  AttachSession::Environment environment_;
  CompletionThread* const thread_;
  absl::Status ended_;
  absl::flat_hash_set<std::shared_ptr<HostedStream>> streams_;
  absl::Mutex mutex_;
  size_t stream_count_ ABSL_GUARDED_BY(mutex_) = 0;  // that of streams_, for AwaitNone()
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_STREAM_HOST_H_
