// The endpoints of a ShardedEngine and the subscriptions to them.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/dispatch/request_judgement.h"
#include "core/engine/send_route.h"
#include "core/engine/sharded_engine.h"
#include "core/sip/framer.h"
#include "core/sip/parser.h"

namespace sipcm::engine {
namespace {

absl::Status EndpointNotFound(const std::string& endpoint_id) {
  return MakeError(
      absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND",
      absl::StrCat("endpoint \"endpoints/", endpoint_id, "\" does not exist; create it first"));
}

}  // namespace

absl::Status ShardedEngine::ApplyEndpoint(dispatch::Endpoint endpoint) {
  absl::MutexLock lock(&control_);
  SIPCM_ASSIGN_OR_RETURN(const ManagerPointer manager, FindManagerLocked(endpoint.manager_id));
  if (endpoint.kind == dispatch::EndpointKind::kPeerToPeer &&
      manager->runtime().Get()->config.kind == ManagerKind::kClient) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "ENDPOINT_KIND_NOT_ON_MANAGER",
                     absl::StrCat("endpoint \"endpoints/", endpoint.id,
                                  "\" is PEER_TO_PEER, but \"connectionManagers/", manager->id(),
                                  "\" is of kind CLIENT; use a SERVER_TCP or SERVER_TLS manager"));
  }
  const auto known = endpoint_managers_.find(endpoint.id);
  if (known != endpoint_managers_.end() && known->second != manager) {
    return MakeError(
        absl::StatusCode::kFailedPrecondition, "IMMUTABLE_FIELD",
        absl::StrCat("endpoint \"endpoints/", endpoint.id, "\" belongs to \"connectionManagers/",
                     known->second->id(), "\" and cannot move; delete it and create it anew"));
  }
  pool::Destination first_hop;
  if (endpoint.kind == dispatch::EndpointKind::kRegistered) {
    SIPCM_ASSIGN_OR_RETURN(first_hop,
                           FirstHopOf(*endpoint.registration, manager->runtime().Get()->config));
  }
  std::shared_ptr<const dispatch::Endpoint> applied;
  SIPCM_RETURN_IF_ERROR(manager->ChangeDirectory([&](const dispatch::EndpointDirectory& directory) {
    const dispatch::EndpointDirectory::EntryPointer old = directory.FindById(endpoint.id);
    // What its registrar gave it holds until the registration says otherwise.
    if (old != nullptr && endpoint.kind == dispatch::EndpointKind::kRegistered) {
      endpoint.gruus = old->endpoint->gruus;
    }
    applied = std::make_shared<const dispatch::Endpoint>(std::move(endpoint));
    return directory.With(
        {applied, old != nullptr ? old->group : std::make_shared<dispatch::SubscriptionGroup>()});
  }));
  endpoint_managers_[applied->id] = manager;
  if (applied->kind == dispatch::EndpointKind::kRegistered) {
    ApplyFlow(manager, applied, std::move(first_hop));
  }
  return absl::OkStatus();
}

void ShardedEngine::ApplyFlow(const ManagerPointer& manager,
                              const std::shared_ptr<const dispatch::Endpoint>& endpoint,
                              pool::Destination first_hop) {
  first_hop.dedicated_to = endpoint->id;
  const auto known = registered_.find(endpoint->id);
  if (known != registered_.end() && known->second.destination != first_hop) {
    RemoveFlow(*manager, endpoint->id);
  }
  Registered& registered = registered_[endpoint->id];
  registered.destination = std::move(first_hop);
  if (registered.status == nullptr) {
    registered.status =
        std::make_shared<EndpointStatusCell>(std::make_shared<const EndpointStatus>());
  }
  Post(HomeOf(*manager, registered.destination), [manager, endpoint, registered](Worker& worker) {
    worker.ApplyFlow(manager, endpoint, registered.destination, registered.status);
  });
}

void ShardedEngine::RemoveFlow(const ManagerState& manager, const std::string& endpoint_id) {
  const auto found = registered_.find(endpoint_id);
  if (found == registered_.end()) return;
  Post(HomeOf(manager, found->second.destination),
       [endpoint_id](Worker& worker) { worker.RemoveFlow(endpoint_id); });
  registered_.erase(found);
}

absl::StatusOr<EndpointStatus> ShardedEngine::GetEndpointStatus(
    const std::string& endpoint_id) const {
  absl::MutexLock lock(&control_);
  if (!endpoint_managers_.contains(endpoint_id)) return EndpointNotFound(endpoint_id);
  const auto registered = registered_.find(endpoint_id);
  return registered == registered_.end() ? EndpointStatus() : *registered->second.status->Get();
}

absl::Status ShardedEngine::RemoveEndpoint(const std::string& endpoint_id) {
  absl::MutexLock lock(&control_);
  return RemoveEndpointLocked(endpoint_id);
}

absl::Status ShardedEngine::RemoveEndpointLocked(const std::string& endpoint_id) {
  const auto found = endpoint_managers_.find(endpoint_id);
  if (found == endpoint_managers_.end()) return EndpointNotFound(endpoint_id);
  const ManagerPointer manager = found->second;
  endpoint_managers_.erase(found);
  RemoveFlow(*manager, endpoint_id);
  dispatch::EndpointDirectory::EntryPointer entry;
  SIPCM_RETURN_IF_ERROR(manager->ChangeDirectory(
      [&](const dispatch::EndpointDirectory& directory)
          -> absl::StatusOr<std::shared_ptr<const dispatch::EndpointDirectory>> {
        entry = directory.FindById(endpoint_id);
        return directory.Without(endpoint_id);
      }));
  EndSubscriptions(entry->group,
                   MakeError(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND",
                             absl::StrCat("endpoint \"endpoints/", endpoint_id, "\" was deleted")));
  PostToAll([entry](Worker& worker) { worker.ForgetEndpoint(entry); });
  return absl::OkStatus();
}

absl::StatusOr<DispatchExplanation> ShardedEngine::ExplainDispatch(
    const std::string& manager_id, const std::string& request) const {
  SIPCM_ASSIGN_OR_RETURN(const ManagerPointer manager, FindManager(manager_id));
  const std::shared_ptr<const ManagerRuntime> runtime = manager->runtime().Get();
  sip::Framer framer(runtime->config.connection.framer);
  const sip::Frame frame = framer.Next(request);
  if (frame.kind != sip::FrameKind::kMessage) {
    return InvalidField("request", frame.kind == sip::FrameKind::kError
                                       ? absl::StrCat("not a SIP request: ", frame.error.text)
                                       : "not one whole SIP request: give start line, headers, "
                                         "a blank line (CRLF line ends) and the body that "
                                         "Content-Length tells");
  }
  sip::MessageView view;
  const absl::string_view bytes =
      absl::string_view(request).substr(frame.offset, frame.header_length + frame.body_length);
  const sip::ParseVerdict verdict = sip::Parse(bytes, frame.header_length, view);
  if (!verdict.ok()) {
    return InvalidField("request", absl::StrCat(verdict.field, ": ", verdict.reason));
  }
  if (!view.is_request()) return InvalidField("request", "it is a response; give a request");
  DispatchExplanation explanation;
  if (const auto refusal = dispatch::JudgeRequest(view); refusal.has_value()) {
    explanation.reason = dispatch::DispatchReason::kAutomaticAnswer;
    explanation.status_code = dispatch::StatusCodeOf(refusal->situation);
    explanation.explanation = std::string(dispatch::ExplanationOf(refusal->situation));
    return explanation;
  }
  std::vector<std::string> steps;
  const dispatch::DispatchDecision decision =
      dispatch::Dispatch(view, *manager->directory().Get(), runtime->config.dispatch, &steps);
  explanation.reason = decision.reason;
  if (decision.entry == nullptr) {
    explanation.status_code = dispatch::StatusCodeOf(decision.situation);
    steps.emplace_back(dispatch::ExplanationOf(decision.situation));
  } else {
    explanation.endpoint_id = decision.entry->endpoint->id;
    explanation.subscription_count =
        static_cast<int>(decision.entry->group->subscriptions().Get()->size() +
                         manager->group()->subscriptions().Get()->size());
  }
  explanation.explanation = absl::StrJoin(steps, "\n");
  return explanation;
}

// --- Subscriptions -----------------------------------------------------------------------------

// The application's handle.
class ShardedEngine::OpenSubscription final : public Subscription {
 public:
  OpenSubscription(ShardedEngine* engine, std::shared_ptr<dispatch::SubscriptionState> state)
      : engine_(engine), state_(std::move(state)) {}
  ~OpenSubscription() override { engine_->EndSubscription(state_); }

  void AddCredit(int count) override {
    state_->credit.fetch_add(count, std::memory_order_seq_cst);
    if (count > 0) engine_->OfferCredit(state_->group);
  }

 private:
  ShardedEngine* const engine_;
  const std::shared_ptr<dispatch::SubscriptionState> state_;
};

absl::StatusOr<std::unique_ptr<Subscription>> ShardedEngine::Subscribe(
    SubscriptionOptions options, std::shared_ptr<dispatch::DeliverySink> sink) {
  if (options.endpoint_id.empty() == options.manager_id.empty()) {
    return InvalidField("endpoint", "give either an endpoint or a connection manager");
  }
  if (options.max_outstanding_count < 0 || options.max_outstanding_count > 1000000) {
    return InvalidField("max_outstanding_count",
                        absl::StrCat(options.max_outstanding_count,
                                     " is out of range; give 0 (paused) to 1,000,000"));
  }
  absl::MutexLock lock(&control_);
  if (shut_down_) {
    return MakeError(absl::StatusCode::kUnavailable, "DRAINING",
                     "the server is draining and takes no new subscription");
  }
  auto state = std::make_shared<dispatch::SubscriptionState>();
  if (!options.endpoint_id.empty()) {
    const auto found = endpoint_managers_.find(options.endpoint_id);
    if (found == endpoint_managers_.end()) return EndpointNotFound(options.endpoint_id);
    state->group = found->second->directory().Get()->FindById(options.endpoint_id)->group;
  } else {
    SIPCM_ASSIGN_OR_RETURN(const ManagerPointer manager, FindManagerLocked(options.manager_id));
    state->group = manager->group();
  }
  state->id = ++last_subscription_;
  state->lineage_id = state->id;
  state->sender = options.sender;
  state->methods = std::move(options.methods);
  state->sink = std::move(sink);
  state->credit = options.max_outstanding_count;
  auto list = std::make_shared<dispatch::SubscriptionList>(*state->group->subscriptions().Get());
  list->push_back(state);
  state->group->subscriptions().Publish(std::move(list));
  subscription_count_.fetch_add(1);
  OfferCredit(state->group);
  return std::make_unique<OpenSubscription>(this, std::move(state));
}

void ShardedEngine::OfferCredit(const std::shared_ptr<dispatch::SubscriptionGroup>& group) const {
  const uint64_t waiting = group->waiting_workers();
  for (int i = 0; i < worker_count(); ++i) {
    if ((waiting >> i & 1) == 0) continue;
    Post(i, [group](Worker& worker) { worker.inbound().OnCredit(group); });
  }
}

void ShardedEngine::EndSubscription(
    const std::shared_ptr<dispatch::SubscriptionState>& subscription) {
  absl::MutexLock lock(&control_);
  if (subscription->ended.exchange(true)) return;  // the engine ended it before
  auto list =
      std::make_shared<dispatch::SubscriptionList>(*subscription->group->subscriptions().Get());
  list->erase(std::remove(list->begin(), list->end(), subscription), list->end());
  subscription->group->subscriptions().Publish(std::move(list));
  subscription_count_.fetch_sub(1);
  PostToAll([subscription](Worker& worker) { worker.inbound().OnSubscriptionEnded(subscription); });
}

void ShardedEngine::EndSubscriptions(const std::shared_ptr<dispatch::SubscriptionGroup>& group,
                                     const absl::Status& why) {
  const auto list = group->subscriptions().Get();
  group->subscriptions().Publish(std::make_shared<const dispatch::SubscriptionList>());
  for (const auto& subscription : *list) {
    if (subscription->ended.exchange(true)) continue;
    subscription_count_.fetch_sub(1);
    // The sink's last call comes when no worker delivers any more.
    Gather<bool>(
        [subscription](Worker& worker) {
          worker.inbound().OnSubscriptionEnded(subscription);
          return true;
        },
        [subscription, why](std::vector<bool>) { subscription->sink->OnSubscriptionEnded(why); });
  }
}

}  // namespace sipcm::engine
