#ifndef SIPCM_SERVER_MESSAGING_SEND_CALL_H_
#define SIPCM_SERVER_MESSAGING_SEND_CALL_H_

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "core/engine/engine.h"
#include "proto/sipcm/v1/send.pb.h"
#include "server/messaging/conversion/endpoint_lookup.h"

namespace grpc {
class CallbackServerContext;
template <class Response>
class ServerWriteReactor;
}  // namespace grpc

namespace sipcm::server {

class SendCall;

// Serves Messaging.Send. Thread: any. Destroy only when no call is running.
class SendCalls {
 public:
  // Steps of one call that wait because its reader does not read; beyond, the call is cancelled: no
  // status reaches a reader that does not read. A peer may send as many provisionals as it likes.
  static constexpr size_t kMaxWaitingEventCount = 256;

  SendCalls(engine::Engine* engine, EndpointLookup lookup);
  ~SendCalls();

  grpc::ServerWriteReactor<v1::SendEvent>* Start(grpc::CallbackServerContext* context,
                                                 const v1::SendRequest& request);
  // Ends running calls with `why`, and each that comes later.
  void EndAll(const absl::Status& why);

 private:
  friend class SendCall;
  void Remove(const std::shared_ptr<SendCall>& call);

  engine::Engine* const engine_;
  const EndpointLookup lookup_;
  absl::Mutex mutex_;
  absl::Status ended_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<std::shared_ptr<SendCall>> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_SEND_CALL_H_
