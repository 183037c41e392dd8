#include "server/messaging/subscribe_stream.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "server/messaging/async_messaging.h"
#include "server/messaging/conversion/delivery_conversion.h"
#include "server/service/grpc_status.h"

namespace sipcm::server {
namespace {

constexpr size_t kMaxBacklogPerCredit = 8;

}  // namespace

struct SubscribeStream::Call {
  grpc::ServerContext context;
  v1::SubscribeRequest request;
  grpc::ServerAsyncWriter<v1::Delivery> stream{&context};
};

void SubscribeStream::Accept(AsyncMessaging* service, StreamHost* host) {
  std::shared_ptr<SubscribeStream> stream(new SubscribeStream(service, host));
  host->AddWaiting(stream);
  Call* call = stream->call_.get();
  call->context.AsyncNotifyWhenDone(static_cast<CompletionTag*>(&stream->done_tag_));
  service->RequestSubscribe(&call->context, &call->request, &call->stream, host->thread()->queue(),
                            host->thread()->queue(),
                            static_cast<CompletionTag*>(&stream->accepted_tag_));
}

SubscribeStream::SubscribeStream(AsyncMessaging* service, StreamHost* host)
    : service_(service), host_(host), call_(std::make_unique<Call>()) {}

SubscribeStream::~SubscribeStream() = default;

void SubscribeStream::OnAccepted(bool ok) {
  if (!ok) return host_->Remove(shared_from_this());  // the server shuts down
  Accept(service_, host_);
  arrived_ = true;
  if (const absl::Status ended = host_->OnArrived(); !ended.ok()) return End(ended);
  Subscribe();
}

void SubscribeStream::Subscribe() {
  absl::StatusOr<SubscriptionRequest> request =
      SubscriptionRequest::From(call_->request, ZeroCredit::kRefused);
  if (!request.ok()) return End(request.status());
  format_ = request->format;
  {
    absl::MutexLock lock(&mutex_);
    max_backlog_ =
        kMaxBacklogPerCredit * request->options.max_outstanding_count + kMaxWaitingNoticeCount;
  }
  absl::StatusOr<std::unique_ptr<engine::Subscription>> subscription =
      host_->engine()->Subscribe(request->options, shared_from_this());
  if (!subscription.ok()) return End(subscription.status());
  subscription_ = *std::move(subscription);
  v1::Delivery started = request->Started(host_->lookup(), subscription_->resumption());
  mutex_.Lock();
  started_ = true;
  backlog_.AddNotice(format_, std::move(started));
  backlog_.Add(format_, std::move(early_));
  Proceed();
}

void SubscribeStream::Deliver(std::vector<dispatch::Delivery> batch) {
  mutex_.Lock();
  if (!started_) {
    early_.insert(early_.end(), std::make_move_iterator(batch.begin()),
                  std::make_move_iterator(batch.end()));
  } else if (!final_status_.has_value() && !closed_) {
    backlog_.Add(format_, std::move(batch));
    if (backlog_.size() > max_backlog_ || backlog_.bytes() > kMaxWaitingDeliveryBytes) {
      final_status_ = MakeError(
          absl::StatusCode::kResourceExhausted, "READER_TOO_SLOW",
          absl::StrCat(backlog_.size(), " deliveries and notices wait unread; read faster"));
      // The write under way cannot go out, so that this status cannot either.
      host_->thread()->Post([self = shared_from_this()] {
        if (self->call_ != nullptr) self->call_->context.TryCancel();
      });
    }
  }
  Proceed();
}

void SubscribeStream::OnSubscriptionEnded(const absl::Status& why) {
  mutex_.Lock();
  if (!final_status_.has_value()) final_status_ = why;
  Proceed();
}

void SubscribeStream::End(const absl::Status& why) {
  if (!arrived_) return;
  if (subscription_ != nullptr) subscription_->Leave();
  subscription_.reset();
  OnSubscriptionEnded(why);
}

void SubscribeStream::Proceed() {
  const bool finish = !busy_ && !closed_ && final_status_.has_value();
  const bool write = !busy_ && !closed_ && !finish && !backlog_.empty();
  if (finish || write) busy_ = true;
  if (finish) closed_ = true;
  if (write) backlog_.Take(1, kMaxFrameBytes, &outgoing_);
  const absl::Status status = finish ? *final_status_ : absl::OkStatus();
  mutex_.Unlock();
  if (finish) {
    call_->stream.Finish(ToGrpcStatus(status), static_cast<CompletionTag*>(&finished_tag_));
  } else if (write) {
    Write();
  }
}

void SubscribeStream::Write() {
  const BacklogItem item = std::move(outgoing_.front());
  outgoing_.clear();
  message_.Clear();
  if (item.notice != nullptr) {
    message_.Swap(item.notice.get());
  } else {
    FillDelivery(item.delivery, item.format, &message_);
  }
  // The last use of anything here: the completion may be under way before this returns.
  call_->stream.Write(message_, static_cast<CompletionTag*>(&written_tag_));
}

void SubscribeStream::OnWritten(bool ok) {
  mutex_.Lock();
  busy_ = false;
  if (!ok) closed_ = true;
  Proceed();
  RemoveIfOver();
}

void SubscribeStream::OnFinished(bool /*ok*/) {
  {
    absl::MutexLock lock(&mutex_);
    busy_ = false;
  }
  RemoveIfOver();
}

void SubscribeStream::OnDone(bool /*ok*/) {
  done_ = true;
  subscription_.reset();
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    backlog_ = DeliveryBacklog();
  }
  RemoveIfOver();
}

void SubscribeStream::RemoveIfOver() {
  {
    absl::MutexLock lock(&mutex_);
    if (!done_ || busy_) return;
  }
  call_.reset();
  host_->Remove(shared_from_this());
}

}  // namespace sipcm::server
