#include "core/engine/manager/manager_state.h"

#include <utility>

namespace sipcm::engine {
namespace {

EngineEvent::Kind EventKindOf(ManagerStatus::State state) {
  switch (state) {
    case ManagerStatus::State::kListening:
      return EngineEvent::Kind::kManagerListening;
    case ManagerStatus::State::kStopping:
      return EngineEvent::Kind::kManagerStopping;
    case ManagerStatus::State::kFailed:
      return EngineEvent::Kind::kManagerFailed;
    case ManagerStatus::State::kIdle:
      break;
  }
  return EngineEvent::Kind::kManagerIdle;
}

}  // namespace

void ManagerState::SetState(ManagerStatus::State state, std::vector<net::SocketAddress> bound,
                            const absl::Status& why) {
  absl::MutexLock lock(&mutex_);
  SetStateLocked(state, std::move(bound), why);
}

uint64_t ManagerState::BeginListening(std::vector<net::SocketAddress> bound) {
  absl::MutexLock lock(&mutex_);
  SetStateLocked(ManagerStatus::State::kListening, std::move(bound), absl::OkStatus());
  return ++listening_;
}

bool ManagerState::FailListening(uint64_t listening, const absl::Status& why) {
  absl::MutexLock lock(&mutex_);
  if (listening != listening_ || status_.state != ManagerStatus::State::kListening) return false;
  SetStateLocked(ManagerStatus::State::kFailed, {}, why);
  return true;
}

void ManagerState::SetStateLocked(ManagerStatus::State state, std::vector<net::SocketAddress> bound,
                                  const absl::Status& why) {
  status_.state = state;
  status_.bound_addresses = std::move(bound);
  status_.reason = std::string(why.message());
  EngineEvent event;
  event.kind = EventKindOf(state);
  event.manager_id = id_;
  event.detail = why;
  event.manager = std::make_shared<ManagerStatus>(status_);
  // With the lock held: the next change is told after this one.
  events_->OnEvent(event);
}

void ManagerState::SetMessageThrottled(bool on, absl::FunctionRef<void()> tell) {
  absl::MutexLock lock(&mutex_);
  if (message_throttled_.exchange(on, std::memory_order_relaxed) != on) tell();
}

void ManagerState::SetGruus(const std::string& endpoint_id, std::vector<std::string> gruus) {
  // A registrar's GRUUs that cannot be told apart from another endpoint's are no reason to stop.
  const auto edit = [&](dispatch::EndpointDirectory* directory) -> absl::Status {
    const dispatch::EndpointDirectory::EntryPointer entry = directory->FindById(endpoint_id);
    if (entry == nullptr) return absl::NotFoundError(endpoint_id);
    auto endpoint = std::make_shared<dispatch::Endpoint>(*entry->endpoint);
    endpoint->gruus = std::move(gruus);
    return directory->Put({std::move(endpoint), entry->group});
  };
  directory_.Edit(edit).IgnoreError();
}

}  // namespace sipcm::engine
