// The applications' subscriptions at a ShardedEngine.
#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/engine/sharded_engine.h"

namespace sipcm::engine {
namespace {

using dispatch::Parting;
using dispatch::SubscriptionState;

constexpr absl::Duration kMaxResumeTimeout = absl::Seconds(60);

absl::Status CheckOptions(const SubscriptionOptions& options) {
  if (options.endpoint_id.empty() == options.manager_id.empty()) {
    return InvalidField("endpoint", "give either an endpoint or a connection manager");
  }
  if (options.max_outstanding_count < 0 || options.max_outstanding_count > 1000000) {
    return InvalidField("max_outstanding_count",
                        absl::StrCat(options.max_outstanding_count,
                                     " is out of range; give 0 (paused) to 1,000,000"));
  }
  if (options.resume_timeout < absl::ZeroDuration() || options.resume_timeout > kMaxResumeTimeout) {
    return InvalidField("resume_timeout", absl::StrCat(absl::FormatDuration(options.resume_timeout),
                                                       " is out of range; give 0 s to ",
                                                       absl::FormatDuration(kMaxResumeTimeout)));
  }
  return absl::OkStatus();
}

std::string SourceOf(const SubscriptionOptions& options) {
  return options.endpoint_id.empty() ? absl::StrCat("connectionManagers/", options.manager_id)
                                     : absl::StrCat("endpoints/", options.endpoint_id);
}

dispatch::Delivery GapOf(int64_t lost_count) {
  dispatch::Delivery gap;
  gap.kind = dispatch::Delivery::Kind::kGap;
  gap.lost_count = lost_count;
  return gap;
}

}  // namespace

// The application's handle.
class ShardedEngine::OpenSubscription final : public Subscription {
 public:
  OpenSubscription(ShardedEngine* engine, std::shared_ptr<SubscriptionState> state,
                   Resumption resumption)
      : engine_(engine), state_(std::move(state)), resumption_(std::move(resumption)) {}
  ~OpenSubscription() override { engine_->EndSubscription(state_, Parting::kLost); }

  void AddCredit(int count) override {
    state_->Grant(count);
    if (count > 0) engine_->OfferCredit(state_->group);
  }
  void Leave() override { engine_->EndSubscription(state_, Parting::kLeft); }
  const Resumption& resumption() const override { return resumption_; }

 private:
  ShardedEngine* const engine_;
  const std::shared_ptr<SubscriptionState> state_;
  const Resumption resumption_;
};

absl::StatusOr<std::shared_ptr<dispatch::SubscriptionGroup>> ShardedEngine::GroupOf(
    const SubscriptionOptions& options) const {
  if (options.endpoint_id.empty()) {
    SIPCM_ASSIGN_OR_RETURN(const ManagerPointer manager, FindManagerLocked(options.manager_id));
    return manager->group();
  }
  SIPCM_ASSIGN_OR_RETURN(const ManagerPointer manager, ManagerOfEndpoint(options.endpoint_id));
  return manager->directory().Get()->FindById(options.endpoint_id)->group;
}

absl::StatusOr<std::unique_ptr<Subscription>> ShardedEngine::Subscribe(
    SubscriptionOptions options, std::shared_ptr<dispatch::DeliverySink> sink) {
  SIPCM_RETURN_IF_ERROR(CheckOptions(options));
  absl::MutexLock lock(&control_);
  // An application whose stream breaks while the server drains still has its requests and dialogs.
  if (shut_down_ && options.resume_token.empty()) {
    return MakeError(absl::StatusCode::kUnavailable, "DRAINING",
                     "the server is draining and takes no new subscription");
  }
  if (options.resume_token.empty() && subscription_count_.load() >= max_subscription_count_) {
    return MakeError(absl::StatusCode::kResourceExhausted, "SUBSCRIPTION_LIMIT",
                     absl::StrCat("the server has ", max_subscription_count_,
                                  " open subscriptions and takes no more; end some"));
  }
  auto state = std::make_shared<SubscriptionState>();
  SIPCM_ASSIGN_OR_RETURN(state->group, GroupOf(options));
  Resumption resumption;
  SIPCM_ASSIGN_OR_RETURN(state->lineage, LineageOf(options, &resumption));
  state->id = ++last_subscription_;
  state->sender = options.sender;
  state->methods = std::move(options.methods);
  state->sink = std::move(sink);
  state->resume_timeout = options.resume_timeout;
  state->Grant(options.max_outstanding_count);
  resumable_.OnOpened(SourceOf(options), state);
  auto list = std::make_shared<dispatch::SubscriptionList>(*state->group->subscriptions().Get());
  list->push_back(state);
  state->group->subscriptions().Publish(std::move(list));
  subscription_count_.fetch_add(1);
  if (resumption.resumed) {
    TellResumed(state);
  } else {
    OfferCredit(state->group);
  }
  return std::make_unique<OpenSubscription>(this, std::move(state), std::move(resumption));
}

absl::StatusOr<std::shared_ptr<dispatch::Lineage>> ShardedEngine::LineageOf(
    const SubscriptionOptions& options, Resumption* resumption) {
  if (options.resume_token.empty()) {
    std::shared_ptr<dispatch::Lineage> lineage = resumable_.NewLineage();
    resumption->token = lineage->token();
    return lineage;
  }
  SIPCM_ASSIGN_OR_RETURN(const ResumeDirectory::Known known,
                         resumable_.Find(options.resume_token, SourceOf(options)));
  if (known.open != nullptr) {
    // Its stream is dead and we do not know yet, or a second application has the token: the last
    // one that comes is the one.
    TakeOut(known.open);
    EndNow(known.open, Parting::kLost,
           MakeError(absl::StatusCode::kAborted, "SUBSCRIPTION_RESUMED",
                     "another stream resumed this subscription by its resume_token and has its "
                     "requests now"));
  }
  resumption->token = known.lineage->token();
  resumption->resumed = true;
  resumption->outstanding_count = known.lineage->open_count();
  return known.lineage;
}

void ShardedEngine::TellResumed(const std::shared_ptr<SubscriptionState>& subscription) const {
  Gather<bool>(
      [subscription](Worker& worker) {
        worker.inbound().OnResumed(subscription);
        return true;
      },
      [subscription](std::vector<bool>) {
        const int64_t lost_count = subscription->lineage->TakeLost();
        if (lost_count > 0) subscription->sink->Deliver({GapOf(lost_count)});
      });
}

void ShardedEngine::OfferCredit(const std::shared_ptr<dispatch::SubscriptionGroup>& group) const {
  const uint64_t waiting = group->waiting_workers();
  for (int i = 0; i < worker_count(); ++i) {
    if ((waiting >> i & 1) == 0) continue;
    Post(i, [group](Worker& worker) { worker.inbound().OnCredit(group); });
  }
}

void ShardedEngine::EndSubscription(const std::shared_ptr<SubscriptionState>& subscription,
                                    Parting parting) {
  absl::MutexLock lock(&control_);
  if (!subscription->End(parting)) return;  // ended before
  resumable_.OnEnded(*subscription);
  TakeOut(subscription);
  subscription_count_.fetch_sub(1);
  PostToAll([subscription](Worker& worker) { worker.inbound().OnSubscriptionEnded(subscription); });
}

void ShardedEngine::TakeOut(const std::shared_ptr<SubscriptionState>& subscription) {
  auto list =
      std::make_shared<dispatch::SubscriptionList>(*subscription->group->subscriptions().Get());
  list->erase(std::remove(list->begin(), list->end(), subscription), list->end());
  subscription->group->subscriptions().Publish(std::move(list));
}

void ShardedEngine::EndNow(const std::shared_ptr<SubscriptionState>& subscription, Parting parting,
                           const absl::Status& why) {
  if (!subscription->End(parting)) return;
  resumable_.OnEnded(*subscription);
  subscription_count_.fetch_sub(1);
  // The sink's last call comes when no worker delivers any more.
  Gather<bool>(
      [subscription](Worker& worker) {
        worker.inbound().OnSubscriptionEnded(subscription);
        return true;
      },
      [subscription, why](std::vector<bool>) { subscription->sink->OnSubscriptionEnded(why); });
}

void ShardedEngine::EndSubscriptions(const std::shared_ptr<dispatch::SubscriptionGroup>& group,
                                     const absl::Status& why) {
  const auto list = group->subscriptions().Get();
  group->subscriptions().Publish(std::make_shared<const dispatch::SubscriptionList>());
  for (const auto& subscription : *list) EndNow(subscription, Parting::kLeft, why);
}

}  // namespace sipcm::engine
