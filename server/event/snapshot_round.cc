#include "server/event/snapshot_round.h"

#include "server/event/event_conversion.h"
#include "server/store/resource_store.h"

namespace sipcm::server {

using sipcm::v1::Event;

namespace {

constexpr ObjectClasses kOfWorkers = Only(ObjectClass::kPool) | Only(ObjectClass::kConnection);

}  // namespace

void SnapshotRound::PutObject(ObjectClass object_class, Event event) {
  std::string name = event.name();
  objects_.insert_or_assign({object_class, std::move(name)}, std::move(event));
}

// On what was told already: who has not spoken yet will tell it.
void SnapshotRound::ApplyThrottling(const Event& event) {
  const bool begins = event.kind() == Event::THROTTLING_STARTED;
  const auto of = [&](ObjectClass object_class) {
    const auto found = objects_.find({object_class, event.name()});
    return found == objects_.end() ? nullptr : &found->second;
  };
  using sipcm::v1::Throttling;
  if (Event* const connection = of(ObjectClass::kConnection)) {
    if (event.throttling().mechanism() == Throttling::CLIENT_CONNECTION) {
      connection->mutable_connection()->set_client_throttled(begins);
    } else {
      connection->mutable_connection()->set_throttled(begins);
    }
  }
  if (Event* const manager = of(ObjectClass::kManager)) {
    manager->mutable_connection_manager()->mutable_statistics()->set_message_throttled(begins);
  }
}

void SnapshotRound::Apply(const Event& event) {
  if (event.has_throttling()) return ApplyThrottling(event);
  const ObjectClass object_class = ClassOfObject(event);
  if (!Includes(object_class)) return;
  if (IsRemoval(event)) {
    objects_.erase({object_class, event.name()});
    return;
  }
  Event existing = event;
  existing.set_kind(Event::EXISTING);
  existing.clear_explanation();
  PutObject(object_class, std::move(existing));
}

void SnapshotRound::Put(ObjectClass object_class, std::vector<Event> existing) {
  told_ |= Only(object_class);
  if (!Includes(object_class)) return;
  for (Event& event : existing) PutObject(object_class, std::move(event));
}

void SnapshotRound::Put(const engine::WorkerState& worker) {
  if (awaited_worker_count_ < 0) awaited_worker_count_ = worker.worker_count;
  --awaited_worker_count_;
  if (Includes(ObjectClass::kPool)) {
    for (const engine::PoolSnapshot& pool : worker.pools) {
      PutObject(ObjectClass::kPool, ToExisting(pool));
    }
  }
  if (!Includes(ObjectClass::kConnection)) return;
  for (const engine::ConnectionSnapshot& connection : worker.connections) {
    PutObject(ObjectClass::kConnection, ToExisting(connection));
  }
}

bool SnapshotRound::complete() const {
  const ObjectClasses of_catalogues = classes_ & ~kOfWorkers;
  if ((told_ & of_catalogues) != of_catalogues) return false;
  return (classes_ & kOfWorkers) == 0 || awaited_worker_count_ == 0;
}

std::shared_ptr<const EventSnapshot> SnapshotRound::Finish(int64_t sequence, absl::Time now) {
  auto snapshot = std::make_shared<EventSnapshot>();
  snapshot->existing.reserve(objects_.size());
  for (auto& [key, event] : objects_) {
    event.set_sequence(sequence);
    *event.mutable_event_time() = ToTimestamp(now);
    snapshot->existing.push_back(std::make_shared<SharedEvent>(event));
    event.Clear();  // there may be many
  }
  snapshot->synced = std::make_shared<SharedEvent>(MakeMark(Event::SYNCED, sequence, now));
  return snapshot;
}

Event MakeMark(Event::Kind kind, int64_t sequence, absl::Time now) {
  Event event;
  event.set_kind(kind);
  event.set_sequence(sequence);
  *event.mutable_event_time() = ToTimestamp(now);
  return event;
}

}  // namespace sipcm::server
