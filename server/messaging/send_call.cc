#include "server/messaging/send_call.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <deque>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "core/base/error.h"
#include "server/messaging/conversion/send_conversion.h"
#include "server/messaging/conversion/sip_conversion.h"
#include "server/service/grpc_status.h"

namespace sipcm::server {

// One call: the engine's events in, one write at a time out. SendCalls holds it until gRPC is done
// with it, the engine as its sink until the last event.
class SendCall final : public grpc::ServerWriteReactor<v1::SendEvent>,
                       public engine::SendSink,
                       public std::enable_shared_from_this<SendCall> {
 public:
  // `context` stays until OnDone().
  SendCall(SendCalls* calls, engine::Engine* engine, grpc::CallbackServerContext* context)
      : calls_(calls), engine_(engine), context_(context) {}

  void Begin(v1::SendRequest request, const EndpointLookup& lookup) {
    std::vector<engine::SendOrder> orders(1);
    View view = View::kParsed;
    const absl::Status taken = TakeSend(&request, lookup, &orders.front(), &view);
    {
      absl::MutexLock lock(&mutex_);
      view_ = view;
      engine_has_it_ = taken.ok();
    }
    if (!taken.ok()) return End(taken);
    engine_->Send(std::move(orders), shared_from_this());
  }

  // Any thread; the first status counts.
  void End(const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    EndLocked(status);
  }

  void OnSendEvents(std::vector<engine::SendEvent> events) override {
    {
      absl::MutexLock lock(&mutex_);
      const bool was_too_slow = too_slow_;
      for (engine::SendEvent& event : events) Add(&event);
      WriteNext();
      if (was_too_slow || !too_slow_ || finished_) return;
      cancelling_ = true;
    }
    // The write under way cannot go out, so that no status can either. Unlocked, since gRPC may
    // call back; the context stays, since nothing finishes meanwhile.
    context_->TryCancel();
    absl::MutexLock lock(&mutex_);
    cancelling_ = false;
    WriteNext();
  }

  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    waiting_.pop_front();
    if (!ok) EndLocked(absl::CancelledError("the stream broke"));
    WriteNext();
  }

  void OnCancel() override {
    End(absl::CancelledError("the caller cancelled"));
    GiveUp();
  }

  void OnDone() override {
    GiveUp();
    calls_->Remove(shared_from_this());
  }

 private:
  void Add(engine::SendEvent* event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (event->is_final) engine_has_it_ = false;
    if (final_status_.has_value()) return;
    const bool failed = event->kind == engine::SendEvent::Kind::kFailure;
    if (failed && !told_sent_ && IsCallError(event->failure)) {
      return EndLocked(WithMessagePath(event->failure, "request"));
    }
    told_sent_ |= event->kind == engine::SendEvent::Kind::kSent;
    if (waiting_.size() >= SendCalls::kMaxWaitingEventCount) {
      too_slow_ = true;
      return EndLocked(MakeError(
          absl::StatusCode::kResourceExhausted, "READER_TOO_SLOW",
          absl::StrCat(waiting_.size(), " responses wait unread; read the stream faster")));
    }
    FillSendEvent(event, view_, &waiting_.emplace_back());
    if (event->is_final) EndLocked(absl::OkStatus());
  }

  void EndLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!final_status_.has_value()) final_status_ = status;
    WriteNext();
  }

  void WriteNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (writing_ || finished_ || cancelling_) return;
    const bool abandoned = final_status_.has_value() && !final_status_->ok();
    if (!waiting_.empty() && !abandoned) {
      writing_ = true;
      StartWrite(&waiting_.front());
    } else if (final_status_.has_value()) {
      finished_ = true;
      Finish(ToGrpcStatus(*final_status_));
    }
  }

  // The engine shall not go on for a caller who is gone.
  void GiveUp() {
    {
      absl::MutexLock lock(&mutex_);
      if (!engine_has_it_) return;
      engine_has_it_ = false;
    }
    engine_->CancelSends({0}, shared_from_this());
  }

  SendCalls* const calls_;
  engine::Engine* const engine_;
  grpc::CallbackServerContext* const context_;
  absl::Mutex mutex_;
  View view_ ABSL_GUARDED_BY(mutex_) = View::kParsed;
  std::deque<v1::SendEvent> waiting_ ABSL_GUARDED_BY(mutex_);  // the first is being written
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool told_sent_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  bool too_slow_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelling_ ABSL_GUARDED_BY(mutex_) = false;     // Finish() has to wait
  bool engine_has_it_ ABSL_GUARDED_BY(mutex_) = false;  // until its final event
  absl::optional<absl::Status> final_status_ ABSL_GUARDED_BY(mutex_);
};

SendCalls::SendCalls(engine::Engine* engine, EndpointLookup lookup)
    : engine_(engine), lookup_(std::move(lookup)) {}

SendCalls::~SendCalls() = default;

grpc::ServerWriteReactor<v1::SendEvent>* SendCalls::Start(grpc::CallbackServerContext* context,
                                                          const v1::SendRequest& request) {
  auto call = std::make_shared<SendCall>(this, engine_, context);
  absl::Status ended;
  {
    absl::MutexLock lock(&mutex_);
    calls_.insert(call);
    ended = ended_;
  }
  if (ended.ok()) {
    call->Begin(request, lookup_);
  } else {
    call->End(ended);
  }
  return call.get();
}

void SendCalls::EndAll(const absl::Status& why) {
  std::vector<std::shared_ptr<SendCall>> calls;
  {
    absl::MutexLock lock(&mutex_);
    ended_ = why;
    calls.assign(calls_.begin(), calls_.end());
  }
  for (const std::shared_ptr<SendCall>& call : calls) call->End(why);
}

void SendCalls::Remove(const std::shared_ptr<SendCall>& call) {
  absl::MutexLock lock(&mutex_);
  calls_.erase(call);
}

}  // namespace sipcm::server
