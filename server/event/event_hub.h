#ifndef SIPCM_SERVER_EVENT_EVENT_HUB_H_
#define SIPCM_SERVER_EVENT_EVENT_HUB_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/engine/engine_event.h"
#include "proto/sipcm/v1/events.pb.h"
#include "server/event/event_inbox.h"
#include "server/event/event_watcher.h"
#include "server/event/resource_event_sink.h"
#include "server/event/snapshot_round.h"
#include "server/event/stated_view.h"

namespace sipcm::server {

// Where all events of the server meet and go out to those who watch (semantics.md 10). Those who
// tell them leave them in an inbox and go on; one thread numbers, converts and hands them out, each
// converted once. When the inbox overflows, every watcher gets GAP and a fresh snapshot.
//
// Snapshots are made in rounds, one at a time, for all who wait then: a crowd of new watchers costs
// the workers one question.
class EventHub final : public engine::EventSink, public ResourceEventSink {
 public:
  // Has the owners of these classes tell what they have: the engine by TellState(round), which
  // answers for pools and connections, and each catalogue by OnResourceState. On the hub's thread.
  using Ask = std::function<void(uint64_t round, ObjectClasses classes)>;

  explicit EventHub(std::function<absl::Time()> now);
  // Those who tell and those who watch are gone by then.
  ~EventHub() override = default;
  EventHub(const EventHub&) = delete;
  EventHub& operator=(const EventHub&) = delete;

  // Before Run() or Step().
  void SetAsk(Ask ask) { ask_ = std::move(ask); }

  // --- Any thread ---
  void OnEvent(const engine::EngineEvent& event) override { inbox_.Put(event); }
  void OnResourceEvent(sipcm::v1::Event event) override { inbox_.Put(std::move(event)); }
  void OnResourceState(uint64_t round, ObjectClass object_class,
                       std::vector<sipcm::v1::Event> existing) override {
    inbox_.Put(EventInbox::ResourceState{round, object_class, std::move(existing)});
  }
  // `reader` must stay until it called Leave(). Errors as of EventFilter::Parse, EventInbox::Join.
  absl::StatusOr<std::shared_ptr<EventWatcher>> Watch(const sipcm::v1::WatchRequest& request,
                                                      EventWatcher::Reader* reader);
  // Everyone who watches has read what waits, and then hears `why`; so does who comes later.
  void End(const absl::Status& why) { inbox_.End(why); }

  // --- The hub's thread ---
  // Until Quit(), which any thread may call.
  void Run();
  void Quit() { inbox_.Quit(); }
  // One round of Run(), without waiting. False: to quit.
  bool Step();

 private:
  void Process(EventInbox::Item item);
  void Process(const EventInbox::Item& item, const engine::EngineEvent& event);
  void Process(EventInbox::ResourceState state);
  void TakeSettings(sipcm::v1::Event* event);
  void Tell(const EventInbox::Item& item, sipcm::v1::Event event);
  void OnLost(int64_t count);
  void Welcome(const EventInbox::Watchers& joining);
  void StartRoundIfWanted();
  void FinishRoundIfComplete();

  const std::function<absl::Time()> now_;
  EventInbox inbox_;
  Ask ask_;
  absl::flat_hash_set<std::shared_ptr<EventWatcher>> watchers_;
  EventInbox::Watchers wishing_;  // for the next round
  EventInbox::Watchers guests_;   // of the round under way
  std::unique_ptr<SnapshotRound> round_;
  uint64_t last_round_ = 0;
  int64_t sequence_ = 0;  // of the last change that was taken
  StatedView<sipcm::v1::ConnectionManager, engine::ManagerStatus> managers_;
  StatedView<sipcm::v1::Endpoint, engine::EndpointStatus> endpoints_;  // REGISTERED ones
  bool views_lost_ = false;                                            // they missed changes
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_EVENT_EVENT_HUB_H_
