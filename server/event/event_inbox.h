#ifndef SIPCM_SERVER_EVENT_EVENT_INBOX_H_
#define SIPCM_SERVER_EVENT_EVENT_INBOX_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/variant.h"
#include "core/engine/engine_event.h"
#include "proto/sipcm/v1/event.pb.h"
#include "server/event/object_class.h"

namespace sipcm::server {

class EventWatcher;

// What waits for the hub: events, in the order in which they were told, and watchers that come, go
// or want a snapshot. Any thread; nobody waits here but the hub, and the lock is held for moments.
class EventInbox {
 public:
  // Events that may wait. The hub takes far more of them a second than a server tells.
  static constexpr size_t kMaxWaitingCount = 65'536;
  static constexpr int kMaxWatcherCount = 4'096;

  struct ResourceState {
    uint64_t round = 0;
    ObjectClass object_class = ObjectClass::kNone;
    std::vector<sipcm::v1::Event> existing;
  };
  struct Item {
    int64_t sequence = 0;  // 0: an answer, not an event
    absl::Time time;
    absl::variant<engine::EngineEvent, sipcm::v1::Event, ResourceState> content;
  };
  using Watchers = std::vector<std::shared_ptr<EventWatcher>>;
  struct Batch {
    std::vector<Item> items;
    int64_t last_sequence = 0;  // of all events, these and those that nobody watched
    int64_t lost_count = 0;     // told after the last item and not kept
    Watchers joining;
    Watchers leaving;
    Watchers wishing;  // for a snapshot
    absl::Status end;  // not OK: the server ends, and why
    bool quits = false;
  };

  explicit EventInbox(std::function<absl::Time()> now) : now_(std::move(now)) {}

  void Put(const engine::EngineEvent& event);
  void Put(sipcm::v1::Event event);
  void Put(ResourceState state);

  // RESOURCE_EXHAUSTED (RESOURCE_LIMIT), or what End() was told.
  absl::Status Join(std::shared_ptr<EventWatcher> watcher);
  void Leave(std::shared_ptr<EventWatcher> watcher);
  void Wish(std::shared_ptr<EventWatcher> watcher);
  void End(const absl::Status& why);
  void Quit();

  // All that waits; does not block.
  Batch Take();
  void AwaitWork();

 private:
  // The next sequence, and whether the event is kept.
  bool Admit(int64_t* sequence) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::function<absl::Time()> now_;
  absl::Mutex mutex_;
  Batch waiting_ ABSL_GUARDED_BY(mutex_);
  int64_t sequence_ ABSL_GUARDED_BY(mutex_) = 0;
  int watcher_count_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status end_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_EVENT_EVENT_INBOX_H_
