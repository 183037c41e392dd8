#include "clients/cpp/application_stream.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cpp/client_status.h"

namespace sipcm::client {
namespace {

// A handler that takes its time shall not hold back the answers it has given.
constexpr absl::Duration kMaxHeldBack = absl::Microseconds(500);

bool IsFinal(const v1::SendEvent& event) {
  return event.has_failure() || (event.has_response() && event.response().status_code() >= 200);
}

}  // namespace

Application::Stream::Stream(const std::shared_ptr<grpc::Channel>& channel,
                            ApplicationOptions options, ApplicationHandler* handler)
    : stub_(v1::Messaging::NewStub(channel)),
      options_(std::move(options)),
      handler_(handler),
      backoff_(options_.first_retry_delay, options_.max_retry_delay, &random_),
      tokens_(options_.subscriptions.size() + 1),
      credits_(options_.subscriptions.size() + 1, -1) {}

Application::Stream::~Stream() { Stop(absl::ZeroDuration()); }

void Application::Stream::Start() {
  Open();
  thread_ = std::thread(&Stream::Run, this);
}

void Application::Stream::Stop(absl::Duration grace) {
  if (!thread_.joinable()) return;
  Pause();
  mutex_.Lock();
  stopping_ = true;
  if (retry_ != nullptr) retry_->Cancel();
  if (!connected_ && call_ != nullptr) call_->context.TryCancel();
  UnlockAndWrite();
  {
    absl::MutexLock lock(&mutex_);
    if (!mutex_.AwaitWithTimeout(absl::Condition(&over_), grace)) {
      if (call_ != nullptr) call_->context.TryCancel();
    }
  }
  thread_.join();
}

void Application::Stream::Add(size_t bytes, absl::FunctionRef<void(v1::ApplicationFrame*)> fill) {
  mutex_.Lock();
  if (connected_ && !half_closed_) fill(frames_.Add(bytes));
  UnlockAndWrite();
}

int64_t Application::Stream::Send(const v1::SendRequest& request, SendCallback on_event) {
  const size_t bytes = request.ByteSizeLong();
  mutex_.Lock();
  const int64_t id = next_send_id_++;
  sends_.emplace(id, std::move(on_event));
  v1::AttachedSend* send = frames_.Add(bytes)->add_requests();  // waits for the stream if need be
  send->set_send_id(id);
  *send->mutable_send() = request;
  UnlockAndWrite();
  return id;
}

void Application::Stream::Grant(int subscription, int max_outstanding_count) {
  mutex_.Lock();
  if (subscription > 0 && subscription < static_cast<int>(credits_.size())) {
    credits_[subscription] = max_outstanding_count;
    if (connected_ && !half_closed_) {
      v1::Grant* grant = frames_.Add(8)->add_grants();
      grant->set_subscription_id(subscription);
      grant->set_max_outstanding_count(max_outstanding_count);
    }
  }
  UnlockAndWrite();
}

void Application::Stream::Pause() {
  for (size_t i = 0; i < options_.subscriptions.size(); ++i) Grant(static_cast<int>(i) + 1, 0);
}

void Application::Stream::UnlockAndWrite() {
  const bool may_write = connected_ && !writing_ && !half_closed_;
  const bool write = may_write && !frames_.empty() && (!corked_ || frames_.has_full_frame());
  const bool half_close = may_write && stopping_ && frames_.empty() && !corked_;
  grpc::ClientAsyncReaderWriter<v1::ApplicationFrame, v1::ServerFrame>* stream =
      write || half_close ? call_->stream.get() : nullptr;
  if (write) written_ = frames_.Pop();
  if (write || half_close) writing_ = true;
  if (half_close) half_closed_ = true;
  const v1::ApplicationFrame* frame = write ? written_->get() : nullptr;
  mutex_.Unlock();
  // The last use of anything here: the completion may be under way before these return.
  if (write) {
    stream->Write(*frame, Tag(Operation::kWrite));
  } else if (half_close) {
    stream->WritesDone(Tag(Operation::kWrite));
  }
}

void Application::Stream::Run() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
    OnCompletion(static_cast<Operation>(reinterpret_cast<intptr_t>(tag)), ok);
  }
  absl::MutexLock lock(&mutex_);
  over_ = true;
}

void Application::Stream::OnCompletion(Operation operation, bool ok) {
  switch (operation) {
    case Operation::kStart:
      return OnStarted(ok);
    case Operation::kRead:
      return OnRead(ok);
    case Operation::kWrite:
      return OnWritten(ok);
    case Operation::kFinish:
      return OnFinished();
    case Operation::kRetry:
      return Retry();
  }
}

void Application::Stream::Open() {
  absl::MutexLock lock(&mutex_);
  call_ = std::make_unique<Call>();
  call_->stream = stub_->PrepareAsyncAttach(&call_->context, &queue_);
  call_->stream->StartCall(Tag(Operation::kStart));
}

v1::ApplicationFrame Application::Stream::OpenFrame() {
  v1::ApplicationFrame frame;
  v1::Open* open = frame.mutable_open();
  open->set_application_name(options_.name);
  open->set_respond_results(options_.respond_results);
  const int count = static_cast<int>(options_.subscriptions.size());
  for (int id = 1; id <= count; ++id) AddSubscription(id, open);
  return frame;
}

void Application::Stream::AddSubscription(int id, v1::Open* open) {
  v1::AttachedSubscription* attached = open->add_subscriptions();
  attached->set_subscription_id(id);
  v1::SubscribeRequest* subscribe = attached->mutable_subscribe();
  *subscribe = options_.subscriptions[id - 1];
  if (!tokens_[id].empty()) subscribe->set_resume_token(tokens_[id]);
  if (credits_[id] >= 0) subscribe->set_max_outstanding_count(credits_[id]);
}

bool Application::Stream::BeginsAfresh(const v1::SubscriptionEnded& ended) {
  const int id = ended.subscription_id();
  if (ended.error().reason() != v1::ErrorDetail::INVALID_RESUME_TOKEN || id < 1 ||
      id >= static_cast<int>(tokens_.size()) || tokens_[id].empty()) {
    return false;
  }
  tokens_[id].clear();
  mutex_.Lock();
  v1::ApplicationFrame frame;
  AddSubscription(id, frame.mutable_open());
  if (connected_ && !half_closed_) frames_.PushFront(frame);
  UnlockAndWrite();
  return true;
}

void Application::Stream::OnStarted(bool ok) {
  mutex_.Lock();
  Call* call = call_.get();
  if (ok) {
    connected_ = true;
    frames_.PushFront(OpenFrame());
    reading_ = true;
  }
  UnlockAndWrite();
  if (ok) {
    call->stream->Read(incoming_.Renew(), Tag(Operation::kRead));
  } else {
    FinishIfOver();
  }
}

void Application::Stream::OnRead(bool ok) {
  if (!ok) {
    reading_ = false;
    {
      absl::MutexLock lock(&mutex_);
      connected_ = false;
    }
    return FinishIfOver();
  }
  backoff_.Reset();
  HandleFrame();
  Call* call;
  {
    absl::MutexLock lock(&mutex_);
    call = call_.get();
  }
  call->stream->Read(incoming_.Renew(), Tag(Operation::kRead));
}

void Application::Stream::OnWritten(bool ok) {
  mutex_.Lock();
  writing_ = false;
  if (!ok) connected_ = false;
  if (written_ != nullptr) frames_.Recycle(std::move(written_));
  UnlockAndWrite();
  FinishIfOver();
}

void Application::Stream::FinishIfOver() {
  Call* call;
  {
    absl::MutexLock lock(&mutex_);
    if (connected_ || writing_ || reading_ || finishing_) return;
    call = call_.get();
  }
  finishing_ = true;
  call->stream->Finish(&final_status_, Tag(Operation::kFinish));
}

void Application::Stream::OnFinished() {
  finishing_ = false;
  const absl::Status why = FromGrpcStatus(final_status_);
  Sends sends;
  bool stopping;
  {
    absl::MutexLock lock(&mutex_);
    call_.reset();
    frames_.Clear();
    sends = std::move(sends_);
    sends_.clear();
    stopping = stopping_;
  }
  FailSends(std::move(sends), why);
  if (stopping) return queue_.Shutdown();
  handler_->OnDisconnected(why);
  absl::MutexLock lock(&mutex_);
  retry_ = std::make_unique<grpc::Alarm>();
  retry_->Set(&queue_, absl::ToChronoTime(absl::Now() + backoff_.NextDelay()),
              Tag(Operation::kRetry));
  if (stopping_) retry_->Cancel();  // it came just now
}

void Application::Stream::Retry() {
  bool stopping;
  {
    absl::MutexLock lock(&mutex_);
    retry_.reset();
    stopping = stopping_;
  }
  if (stopping) {
    queue_.Shutdown();
  } else {
    Open();
  }
}

void Application::Stream::HandleFrame() {
  {
    absl::MutexLock lock(&mutex_);
    corked_ = true;  // all answers given meanwhile go out together
  }
  const absl::Time begin = absl::Now();
  bool corked = true;
  for (const v1::Delivery& delivery : incoming_->deliveries()) {
    HandleDelivery(delivery);
    if (corked && absl::Now() - begin > kMaxHeldBack) {
      mutex_.Lock();
      corked_ = corked = false;
      UnlockAndWrite();
    }
  }
  for (const v1::RespondResult& result : incoming_->results()) handler_->OnRespondResult(result);
  for (const v1::AttachedSendEvent& event : incoming_->events()) HandleEvent(event);
  for (const v1::SubscriptionEnded& ended : incoming_->ended()) {
    if (!BeginsAfresh(ended)) handler_->OnSubscriptionEnded(ended);
  }
  mutex_.Lock();
  corked_ = false;
  UnlockAndWrite();
}

void Application::Stream::HandleDelivery(const v1::Delivery& delivery) {
  switch (delivery.delivery_case()) {
    case v1::Delivery::kRequest:
      return handler_->OnRequest(delivery.request(), delivery.subscription_id());
    case v1::Delivery::kCancelled:
      return handler_->OnCancelled(delivery.cancelled());
    case v1::Delivery::kExpired:
      return handler_->OnExpired(delivery.expired());
    case v1::Delivery::kAckMissing:
      return handler_->OnAckMissing(delivery.ack_missing());
    case v1::Delivery::kStarted:
      // With it the next stream gets what this one leaves unanswered.
      if (const size_t id = delivery.subscription_id(); id < tokens_.size()) {
        tokens_[id] = delivery.started().resume_token();
      }
      return handler_->OnSubscriptionStarted(delivery.started(), delivery.subscription_id());
    case v1::Delivery::kGap:
      return handler_->OnGap(delivery.gap(), delivery.subscription_id());
    default:
      return;  // of a later version
  }
}

void Application::Stream::HandleEvent(const v1::AttachedSendEvent& event) {
  SendCallback last;
  SendCallback* callback = &last;
  {
    absl::MutexLock lock(&mutex_);
    const auto send = sends_.find(event.send_id());
    if (send == sends_.end()) return;
    if (IsFinal(event.event())) {
      last = std::move(send->second);
      sends_.erase(send);
    } else {
      callback = &send->second;
    }
  }
  (*callback)(event.event());
}

void Application::Stream::FailSends(Sends sends, const absl::Status& why) {
  v1::SendEvent event;
  v1::SendFailure* failure = event.mutable_failure();
  failure->set_cause(v1::SendFailure::CONNECTION_LOST);
  failure->set_code(static_cast<int>(absl::StatusCode::kUnavailable));
  failure->set_explanation(absl::StrCat("the stream to the sipcm server was lost (", why.message(),
                                        "); whether the request was sent is not known"));
  failure->mutable_error()->set_reason(v1::ErrorDetail::CONNECTION_LOST);
  for (auto& [id, callback] : sends) callback(event);
}

}  // namespace sipcm::client
