#include "server/messaging/attach_session.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/messaging/conversion/response_conversion.h"
#include "server/messaging/conversion/send_conversion.h"
#include "server/validation/field_checks.h"
#include "server/validation/refusal.h"

namespace sipcm::server {
namespace {

constexpr int kMaxApplicationNameLength = 64;
constexpr size_t kMaxBacklogPerCredit = 8;

absl::Status CheckApplicationName(const std::string& name) {
  const bool printable =
      std::all_of(name.begin(), name.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (printable && name.size() <= kMaxApplicationNameLength) return absl::OkStatus();
  return BadField("INVALID_FIELD", "open.application_name",
                  "must be at most 64 printable ASCII characters");
}

}  // namespace

// Takes one subscription's deliveries. Until the engine's Subscribe() returned they are kept back:
// `started` comes first.
class AttachSession::Sink final : public dispatch::DeliverySink,
                                  public std::enable_shared_from_this<Sink> {
 public:
  Sink(std::shared_ptr<AttachSession> session, const DeliveryFormat& format)
      : session_(std::move(session)), format_(format) {}

  void Deliver(std::vector<dispatch::Delivery> batch) override {
    session_->mutex_.Lock();
    if (state_ == State::kStarting) {
      early_.insert(early_.end(), std::make_move_iterator(batch.begin()),
                    std::make_move_iterator(batch.end()));
    } else if (state_ == State::kStarted && !session_->closed_ && !session_->too_slow_) {
      session_->outbox_.deliveries().Add(format_, std::move(batch));
      session_->CheckBacklog();
    }
    session_->UnlockAndWrite();
  }

  void OnSubscriptionEnded(const absl::Status& why) override {
    if (!Stop()) return;
    session_->AddEnded(format_.subscription_id, why);
    session_->environment_->post([session = session_, self = shared_from_this()] {
      session->DropSubscription(self->format_.subscription_id, self.get());
    });
  }

  // After Subscribe() returned; passed over when the subscription has ended meanwhile.
  void Start(v1::Delivery started) {
    session_->mutex_.Lock();
    if (state_ == State::kStarting) {
      state_ = State::kStarted;
      if (!session_->closed_) {
        session_->outbox_.deliveries().AddNotice(format_, std::move(started));
        session_->outbox_.deliveries().Add(format_, std::move(early_));
      }
    }
    session_->UnlockAndWrite();
  }

  // Nothing of it is told any more, what waits is forgotten. False when that was so before.
  bool Stop() {
    absl::MutexLock lock(&session_->mutex_);
    if (state_ == State::kEnded) return false;
    state_ = State::kEnded;
    early_.clear();
    session_->outbox_.deliveries().Remove(format_.subscription_id);
    return true;
  }

  bool has_ended() const {
    absl::MutexLock lock(&session_->mutex_);
    return state_ == State::kEnded;
  }

 private:
  enum class State : uint8_t { kStarting, kStarted, kEnded };

  const std::shared_ptr<AttachSession> session_;
  const DeliveryFormat format_;
  State state_ ABSL_GUARDED_BY(session_->mutex_) = State::kStarting;
  std::vector<dispatch::Delivery> early_ ABSL_GUARDED_BY(session_->mutex_);
};

AttachSession::AttachSession(const Environment* environment, std::weak_ptr<FrameWriter> writer)
    : environment_(environment),
      engine_(environment->engine),
      writer_(std::move(writer)),
      raw_writer_(writer_.lock().get()) {}

AttachSession::~AttachSession() = default;

absl::Status AttachSession::OnFrame(v1::ApplicationFrame* frame) {
  {
    absl::MutexLock lock(&mutex_);
    if (closed_) return absl::OkStatus();  // nobody would end what it opens
  }
  if (!opened_ && !frame->has_open()) {
    return MissingField("open", "the first frame has to open the stream");
  }
  if (frame->has_open()) SIPCM_RETURN_IF_ERROR(HandleOpen(frame->open()));
  SIPCM_RETURN_IF_ERROR(HandleGrants(*frame));
  for (int32_t subscription_id : frame->unsubscribes()) Unsubscribe(subscription_id);
  if (frame->responses_size() > 0) Respond(frame);
  if (frame->requests_size() > 0) Send(frame);
  if (frame->cancels_size() > 0) CancelSends(sends_.CookiesOf(*frame));
  return absl::OkStatus();
}

void AttachSession::OnNothingMoreToRead() {
  leaving_ = true;
  bool told = false;
  for (auto& [id, subscribed] : subscriptions_) {
    if (!subscribed.sink->Stop()) continue;
    AddEnded(id, absl::OkStatus());
    told = true;
  }
  if (!told) OnAllWritten();
}

void AttachSession::OnAllWritten() {
  if (!std::exchange(leaving_, false)) return;
  EndSubscriptions(absl::OkStatus());
  absl::MutexLock lock(&mutex_);
  half_closed_ = true;
  PostIfSettled();
}

void AttachSession::EndSubscriptions(const absl::Status& why) {
  absl::flat_hash_map<int32_t, Subscribed> subscriptions = std::move(subscriptions_);
  subscriptions_.clear();
  for (auto& [id, subscribed] : subscriptions) {
    const bool stopped = subscribed.sink->Stop();
    subscribed.subscription->Leave();
    subscribed.subscription.reset();
    if (stopped) AddEnded(id, why);
  }
  absl::MutexLock lock(&mutex_);
  credit_ = 0;
}

void AttachSession::Close() {
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    outbox_ = AttachOutbox();
  }
  // Their application may come back: they are lost, not left.
  for (auto& [id, subscribed] : subscriptions_) subscribed.sink->Stop();
  subscriptions_.clear();
  CancelSends(sends_.AllCookies());
}

bool AttachSession::Take(OutgoingFrame* frame) {
  absl::MutexLock lock(&mutex_);
  outbox_.Take(frame);
  writing_ = !frame->empty();
  return writing_;
}

bool AttachSession::StopWritingIfIdle() {
  absl::MutexLock lock(&mutex_);
  if (writing_ || !outbox_.empty()) return false;
  closed_ = true;
  return true;
}

absl::Status AttachSession::HandleOpen(const v1::Open& open) {
  SIPCM_RETURN_IF_ERROR(CheckApplicationName(open.application_name()));
  SIPCM_RETURN_IF_ERROR(CheckEnum(open.respond_results(), v1::Open::RespondResults_descriptor(),
                                  "open.respond_results"));
  opened_ = true;
  if (open.respond_results() != v1::Open::RESPOND_RESULTS_UNSPECIFIED) {
    absl::MutexLock lock(&mutex_);
    respond_results_ = open.respond_results();
  }
  for (const v1::AttachedSubscription& attached : open.subscriptions()) Subscribe(attached);
  return absl::OkStatus();
}

absl::Status AttachSession::HandleGrants(const v1::ApplicationFrame& frame) {
  for (int i = 0; i < frame.grants_size(); ++i) {
    const v1::Grant& grant = frame.grants(i);
    SIPCM_RETURN_IF_ERROR(CheckRange(grant.max_outstanding_count(), 0, kMaxOutstandingCount,
                                     absl::StrCat("grants[", i, "].max_outstanding_count")));
    Subscribed* subscribed = FindSubscription(grant.subscription_id());
    if (subscribed == nullptr) continue;
    const int change = grant.max_outstanding_count() - subscribed->credit;
    subscribed->credit = grant.max_outstanding_count();
    ChangeCredit(change);
    if (change != 0) subscribed->subscription->AddCredit(change);
  }
  return absl::OkStatus();
}

absl::Status AttachSession::CheckNewSubscription(int32_t subscription_id) {
  SIPCM_RETURN_IF_ERROR(
      CheckRange(subscription_id, 1, std::numeric_limits<int32_t>::max(), "subscription_id"));
  const auto found = subscriptions_.find(subscription_id);
  if (found != subscriptions_.end() && found->second.sink->has_ended()) {
    DropSubscription(subscription_id, found->second.sink.get());  // its id is free again
  } else if (found != subscriptions_.end()) {
    return WithField(MakeError(absl::StatusCode::kAlreadyExists, "SUBSCRIPTION_ID_IN_USE",
                               absl::StrCat("subscription_id: ", subscription_id,
                                            " is an open subscription of this stream, which goes "
                                            "on; choose another number")),
                     "subscription_id");
  }
  if (subscriptions_.size() < kMaxSubscriptionCount) return absl::OkStatus();
  return MakeError(absl::StatusCode::kResourceExhausted, "SUBSCRIPTION_LIMIT",
                   absl::StrCat("this stream has ", kMaxSubscriptionCount,
                                " subscriptions, the most there may be; end some"));
}

void AttachSession::Subscribe(const v1::AttachedSubscription& attached) {
  const int32_t id = attached.subscription_id();
  if (absl::Status refusal = CheckNewSubscription(id); !refusal.ok()) return AddEnded(id, refusal);
  absl::StatusOr<SubscriptionRequest> request =
      SubscriptionRequest::From(attached.subscribe(), ZeroCredit::kPaused);
  if (!request.ok()) return AddEnded(id, request.status());
  request->format.subscription_id = id;
  request->options.sender = this;

  auto sink = std::make_shared<Sink>(shared_from_this(), request->format);
  const int credit = request->options.max_outstanding_count;
  absl::StatusOr<std::unique_ptr<engine::Subscription>> subscription =
      engine_->Subscribe(request->options, sink);
  if (!subscription.ok()) return AddEnded(id, subscription.status());
  v1::Delivery started = request->Started(environment_->lookup, (*subscription)->resumption());
  subscriptions_[id] = {.sink = sink, .subscription = *std::move(subscription), .credit = credit};
  ChangeCredit(credit);
  sink->Start(std::move(started));
}

void AttachSession::Unsubscribe(int32_t subscription_id) {
  const Subscribed* subscribed = FindSubscription(subscription_id);
  if (subscribed == nullptr) return;
  subscribed->sink->Stop();
  subscribed->subscription->Leave();
  DropSubscription(subscription_id, subscribed->sink.get());
  AddEnded(subscription_id, absl::OkStatus());
}

AttachSession::Subscribed* AttachSession::FindSubscription(int32_t subscription_id) {
  const auto found = subscriptions_.find(subscription_id);
  if (found != subscriptions_.end()) return &found->second;
  AddEnded(subscription_id,
           MakeError(absl::StatusCode::kNotFound, "SUBSCRIPTION_NOT_FOUND",
                     absl::StrCat("subscription ", subscription_id,
                                  " is not open in this stream; it may have ended meanwhile")));
  return nullptr;
}

void AttachSession::DropSubscription(int32_t subscription_id, const Sink* sink) {
  const auto found = subscriptions_.find(subscription_id);
  if (found == subscriptions_.end() || found->second.sink.get() != sink) return;
  const Subscribed dropped = std::move(found->second);
  subscriptions_.erase(found);
  ChangeCredit(-dropped.credit);
}

void AttachSession::Respond(v1::ApplicationFrame* frame) {
  std::vector<engine::ResponseOrder> orders;
  std::vector<v1::RespondResult> refused;
  orders.reserve(frame->responses_size());
  for (v1::RespondRequest& request : *frame->mutable_responses()) {
    const absl::Status taken = TakeResponse(&request, &orders.emplace_back());
    if (taken.ok()) {
      orders.back().sender = this;
      continue;
    }
    orders.pop_back();
    refused.push_back(RefusedAnswer(request.request_id(), taken));
  }
  if (!refused.empty()) AddResults(std::move(refused));
  if (orders.empty()) return;
  {
    absl::MutexLock lock(&mutex_);
    unfinished_results_ += orders.size();
  }
  engine_->Respond(std::move(orders), shared_from_this());
}

void AttachSession::Send(v1::ApplicationFrame* frame) {
  std::vector<engine::SendOrder> orders;
  std::vector<AttachedEvent> refused;
  orders.reserve(frame->requests_size());
  for (v1::AttachedSend& send : *frame->mutable_requests()) {
    const int64_t id = send.send_id();
    View view = View::kParsed;
    engine::SendOrder& order = orders.emplace_back();
    absl::Status taken = TakeSend(send.mutable_send(), environment_->lookup, &order, &view);
    if (taken.ok()) taken = sends_.Add(id, view);
    if (taken.ok()) {
      order.cookie = static_cast<uint64_t>(id);
    } else {
      orders.pop_back();
      refused.push_back(RefusedSend(id, taken));
    }
  }
  if (!refused.empty()) AddEvents(std::move(refused));
  if (!orders.empty()) engine_->Send(std::move(orders), shared_from_this());
}

void AttachSession::CancelSends(std::vector<uint64_t> cookies) {
  if (!cookies.empty()) engine_->CancelSends(std::move(cookies), shared_from_this());
}

void AttachSession::OnResponseResults(std::vector<engine::ResponseResult> results) {
  std::vector<v1::RespondResult> told;
  mutex_.Lock();
  const bool all = respond_results_ == v1::Open::ALL;
  mutex_.Unlock();
  for (const engine::ResponseResult& result : results) {
    if (all || !result.status.ok()) told.push_back(ToRespondResult(result));
  }
  mutex_.Lock();
  unfinished_results_ -= results.size();
  if (closed_) told.clear();
  for (v1::RespondResult& result : told) outbox_.AddResult(std::move(result));
  // What is told leads to a write, after which is read anew; of what is not, only this tells.
  if (reading_paused_ && outbox_.notice_count() + unfinished_results_ <= kMaxWaitingNoticeCount) {
    reading_paused_ = false;
    PostToWriter(&FrameWriter::OnMayReadAgain);
  }
  PostIfSettled();
  UnlockAndWrite();
}

void AttachSession::OnSendEvents(std::vector<engine::SendEvent> events) {
  mutex_.Lock();
  // Under the lock, so that the session is settled only once the last event of a send waits.
  sends_.Take(std::move(events), [this](AttachedEvent&& event) {
    mutex_.AssertHeld();
    if (!closed_) outbox_.AddEvent(std::move(event));
  });
  CheckBacklog();
  PostIfSettled();
  UnlockAndWrite();
}

void AttachSession::AddEnded(int32_t subscription_id, const absl::Status& why) {
  mutex_.Lock();
  if (!closed_) outbox_.AddEnded(ToSubscriptionEnded(subscription_id, why));
  UnlockAndWrite();
}

void AttachSession::AddEvents(std::vector<AttachedEvent> events) {
  mutex_.Lock();
  if (closed_) events.clear();
  for (AttachedEvent& event : events) outbox_.AddEvent(std::move(event));
  UnlockAndWrite();
}

void AttachSession::AddResults(std::vector<v1::RespondResult> results) {
  mutex_.Lock();
  if (closed_) results.clear();
  for (v1::RespondResult& result : results) outbox_.AddResult(std::move(result));
  UnlockAndWrite();
}

void AttachSession::PostToWriter(void (FrameWriter::*call)()) {
  environment_->post([writer = writer_, call] {
    if (std::shared_ptr<FrameWriter> alive = writer.lock()) (alive.get()->*call)();
  });
}

void AttachSession::PostIfSettled() {
  if (!half_closed_ || closed_ || unfinished_results_ > 0 || !sends_.empty()) return;
  PostToWriter(&FrameWriter::OnSettled);
}

void AttachSession::CheckBacklog() {
  // Credit bounds requests, the backlog's own sweep bounds notices about them; a few times the
  // credit can only pile up when something is wrong.
  const bool too_much =
      outbox_.deliveries().size() > kMaxBacklogPerCredit * credit_ + kMaxWaitingNoticeCount ||
      outbox_.deliveries().bytes() > kMaxWaitingDeliveryBytes ||
      outbox_.event_bytes() > kMaxWaitingEventBytes;
  if (!too_much || too_slow_ || closed_) return;
  too_slow_ = true;
  PostToWriter(&FrameWriter::OnReaderTooSlow);
}

void AttachSession::UnlockAndWrite() {
  const bool write = !writing_ && !closed_ && !outbox_.empty();
  if (write) writing_ = true;
  mutex_.Unlock();
  if (write) raw_writer_->WriteFrames();
}

}  // namespace sipcm::server
