#ifndef SIPCM_SERVER_MESSAGING_SUBSCRIBE_STREAM_H_
#define SIPCM_SERVER_MESSAGING_SUBSCRIBE_STREAM_H_

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "core/dispatch/delivery.h"
#include "core/engine/engine.h"
#include "server/messaging/delivery_backlog.h"
#include "server/messaging/stream_host.h"
#include "server/messaging/subscription_request.h"

namespace sipcm::server {

class AsyncMessaging;

// One Subscribe call: a subscription whose deliveries are written one by one. It is its own sink.
//
// Thread: the completion thread, unless said otherwise. The host holds it until the call is over,
// the engine until the subscription is; what the engine tells after the call is passed over.
class SubscribeStream final : public HostedStream,
                              public dispatch::DeliverySink,
                              public std::enable_shared_from_this<SubscribeStream> {
 public:
  // Notices that may wait besides a few times the credit; beyond, the reader is too slow.
  static constexpr size_t kMaxWaitingNoticeCount = 4096;

  // Waits for a call; each that comes waits for the next one. Both outlive the completion thread.
  static void Accept(AsyncMessaging* service, StreamHost* host);

  ~SubscribeStream() override;

  void End(const absl::Status& why) override;
  void Deliver(std::vector<dispatch::Delivery> batch) override;  // workers
  void OnSubscriptionEnded(const absl::Status& why) override;    // workers

 private:
  struct Call;  // gRPC's objects
  SubscribeStream(AsyncMessaging* service, StreamHost* host);

  void OnAccepted(bool ok);
  void OnWritten(bool ok);
  void OnFinished(bool ok);
  void OnDone(bool ok);

  void Subscribe();
  // Starts the next operation, a write or Finish(), when none is under way. Any thread.
  void Proceed() ABSL_UNLOCK_FUNCTION(mutex_);
  void Write();
  // Removes this from the host, which destroys it, when no operation is under way: the last thing a
  // caller does.
  void RemoveIfOver();

  AsyncMessaging* const service_;
  StreamHost* const host_;
  std::unique_ptr<Call> call_;
  std::unique_ptr<engine::Subscription> subscription_;
  DeliveryFormat format_;
  bool arrived_ = false;  // the call is there
  bool done_ = false;     // gRPC is done with it

  MemberTag<SubscribeStream> accepted_tag_{this, &SubscribeStream::OnAccepted};
  MemberTag<SubscribeStream> written_tag_{this, &SubscribeStream::OnWritten};
  MemberTag<SubscribeStream> finished_tag_{this, &SubscribeStream::OnFinished};
  MemberTag<SubscribeStream> done_tag_{this, &SubscribeStream::OnDone};

  // Of whoever writes.
  std::vector<BacklogItem> outgoing_;
  v1::Delivery message_;

  absl::Mutex mutex_;
  DeliveryBacklog backlog_ ABSL_GUARDED_BY(mutex_);
  std::vector<dispatch::Delivery> early_ ABSL_GUARDED_BY(mutex_);  // came before `started`
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;    // an operation is under way
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;  // no further one may be started
  size_t max_backlog_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::optional<absl::Status> final_status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_SUBSCRIBE_STREAM_H_
