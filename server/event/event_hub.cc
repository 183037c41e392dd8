#include "server/event/event_hub.h"

#include "absl/types/variant.h"
#include "core/base/status_macros.h"
#include "server/conversion/managers/manager_conversion.h"
#include "server/conversion/registration_conversion.h"
#include "server/event/event_conversion.h"
#include "server/event/event_filter.h"
#include "server/store/resource_store.h"

namespace sipcm::server {

using sipcm::v1::Event;
using sipcm::v1::WatchRequest;

EventHub::EventHub(std::function<absl::Time()> now)
    : now_(now),
      inbox_(std::move(now)),
      managers_({&Event::mutable_connection_manager, AddListeningState,
                 [](const sipcm::v1::ConnectionManager&) { return true; }}),
      endpoints_({&Event::mutable_endpoint, AddStatus, [](const sipcm::v1::Endpoint& endpoint) {
                    return endpoint.kind() == sipcm::v1::Endpoint::REGISTERED;
                  }}) {}

absl::StatusOr<std::shared_ptr<EventWatcher>> EventHub::Watch(const WatchRequest& request,
                                                              EventWatcher::Reader* reader) {
  SIPCM_ASSIGN_OR_RETURN(EventFilter filter, EventFilter::Parse(request));
  const auto start = request.start() == WatchRequest::DELTAS_ONLY
                         ? EventWatcher::Start::kChangesOnly
                         : EventWatcher::Start::kSnapshotFirst;
  auto watcher = std::make_shared<EventWatcher>(std::move(filter), start, &inbox_, reader);
  SIPCM_RETURN_IF_ERROR(inbox_.Join(watcher));
  return watcher;
}

void EventHub::Run() {
  do {
    inbox_.AwaitWork();
  } while (Step());
}

bool EventHub::Step() {
  EventInbox::Batch batch = inbox_.Take();
  for (EventInbox::Item& item : batch.items) Process(std::move(item));
  if (batch.lost_count > 0) OnLost(batch.lost_count);
  sequence_ = batch.last_sequence;
  // One that has left already is among the joining at the latest now.
  Welcome(batch.joining);
  for (const std::shared_ptr<EventWatcher>& watcher : batch.leaving) watchers_.erase(watcher);
  for (std::shared_ptr<EventWatcher>& watcher : batch.wishing) {
    wishing_.push_back(std::move(watcher));
  }
  if (!batch.end.ok()) {
    for (const std::shared_ptr<EventWatcher>& watcher : watchers_) watcher->End(batch.end);
  }
  StartRoundIfWanted();
  return !batch.quits;
}

void EventHub::Process(EventInbox::Item item) {
  if (item.sequence > 0) sequence_ = item.sequence;
  if (auto* state = absl::get_if<EventInbox::ResourceState>(&item.content)) {
    Process(std::move(*state));
  } else if (auto* event = absl::get_if<engine::EngineEvent>(&item.content)) {
    Process(item, *event);
  } else {
    Event told = absl::get<Event>(std::move(item.content));
    TakeSettings(&told);
    Tell(item, std::move(told));
  }
}

void EventHub::Process(const EventInbox::Item& item, const engine::EngineEvent& event) {
  if (event.worker != nullptr) {
    if (round_ == nullptr || event.worker->round != round_->id()) return;
    round_->Put(*event.worker);
    FinishRoundIfComplete();
    return;
  }
  // Nobody to tell, and nothing to keep.
  if (watchers_.empty() && !IsKept(event)) return;
  Event told = ToProto(event);
  if (event.manager != nullptr && !managers_.TakeState(event.manager, &told)) return;
  if (event.endpoint != nullptr && !endpoints_.TakeState(event.endpoint, &told)) return;
  Tell(item, std::move(told));
}

void EventHub::TakeSettings(Event* event) {
  if (event->has_connection_manager()) managers_.TakeSettings(event);
  if (event->has_endpoint()) endpoints_.TakeSettings(event);
}

void EventHub::Process(EventInbox::ResourceState state) {
  for (Event& event : state.existing) TakeSettings(&event);
  if (round_ == nullptr || state.round != round_->id()) return;
  round_->Put(state.object_class, std::move(state.existing));
  FinishRoundIfComplete();
}

void EventHub::Tell(const EventInbox::Item& item, Event event) {
  if (watchers_.empty()) return;
  event.set_sequence(item.sequence);
  *event.mutable_event_time() = ToTimestamp(item.time);
  if (round_ != nullptr) round_->Apply(event);
  const auto shared = std::make_shared<const SharedEvent>(event);
  for (const std::shared_ptr<EventWatcher>& watcher : watchers_) watcher->Offer(shared);
}

void EventHub::OnLost(int64_t count) {
  managers_.ForgetStates();
  endpoints_.ForgetStates();
  views_lost_ = true;
  for (const std::shared_ptr<EventWatcher>& watcher : watchers_) watcher->Lose(count);
  // The round under way misses them too: its guests wait for the next one.
  round_ = nullptr;
  for (std::shared_ptr<EventWatcher>& guest : guests_) wishing_.push_back(std::move(guest));
  guests_.clear();
}

void EventHub::Welcome(const EventInbox::Watchers& joining) {
  std::shared_ptr<const SharedEvent> synced;
  for (const std::shared_ptr<EventWatcher>& watcher : joining) {
    watchers_.insert(watcher);
    if (watcher->start() == EventWatcher::Start::kSnapshotFirst) {
      wishing_.push_back(watcher);
      continue;
    }
    if (synced == nullptr) {
      synced = std::make_shared<SharedEvent>(MakeMark(Event::SYNCED, sequence_, now_()));
    }
    watcher->Begin(nullptr, synced, sequence_, now_());
  }
}

void EventHub::StartRoundIfWanted() {
  if (round_ != nullptr || (wishing_.empty() && !views_lost_)) return;
  ObjectClasses classes = 0;
  if (views_lost_) classes = Only(ObjectClass::kManager) | Only(ObjectClass::kEndpoint);
  for (const std::shared_ptr<EventWatcher>& watcher : wishing_) {
    classes |= watcher->filter().classes();
  }
  guests_.swap(wishing_);
  views_lost_ = false;
  round_ = std::make_unique<SnapshotRound>(++last_round_, classes);
  ask_(last_round_, classes);
  FinishRoundIfComplete();  // nothing may be wanted
}

void EventHub::FinishRoundIfComplete() {
  if (!round_->complete()) return;
  const absl::Time now = now_();
  const std::shared_ptr<const EventSnapshot> snapshot = round_->Finish(sequence_, now);
  for (const std::shared_ptr<EventWatcher>& guest : guests_) {
    guest->Begin(snapshot, snapshot->synced, sequence_, now);
  }
  guests_.clear();
  round_ = nullptr;
}

}  // namespace sipcm::server
