#ifndef SIPCM_SERVER_EVENT_EVENT_WATCHER_H_
#define SIPCM_SERVER_EVENT_EVENT_WATCHER_H_

#include <cstdint>
#include <deque>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/event/event_filter.h"
#include "server/event/event_inbox.h"
#include "server/event/shared_event.h"

namespace sipcm::server {

// One that watches: what it has yet to read, as pointers to what all share. The hub puts in, a
// reader takes out at its own pace. A reader that falls behind loses changes: it then gets GAP with
// their count, a fresh snapshot and SYNCED. So what waits is bounded: kMaxPendingCount changes and
// one snapshot, which those that got it together share.
class EventWatcher : public std::enable_shared_from_this<EventWatcher> {
 public:
  static constexpr size_t kMaxPendingCount = 1'024;

  // Called with the watcher's lock held: must neither block nor call the watcher.
  class Reader {
   public:
    // The answer to one Want().
    virtual void OnEvent(const SharedEventPointer& event) = 0;
    // The answer to a Want() when there is no more to come.
    virtual void OnEnd(const absl::Status& why) = 0;

   protected:
    ~Reader() = default;
  };

  enum class Start : unsigned char { kSnapshotFirst, kChangesOnly };

  // `inbox` outlives this, `reader` stays until Leave() returned.
  EventWatcher(EventFilter filter, Start start, EventInbox* inbox, Reader* reader)
      : filter_(std::move(filter)), start_(start), inbox_(inbox), reader_(reader) {}

  // --- The reader; its thread ---
  // It takes one event more: inside this call, or later on the hub's thread.
  void Want();
  // Nothing is told any more. Once.
  void Leave();

  // --- The hub; its thread ---
  const EventFilter& filter() const { return filter_; }
  Start start() const { return start_; }
  // Begins, or begins afresh: with the snapshot, or with SYNCED alone. `now` is for GAP.
  void Begin(std::shared_ptr<const EventSnapshot> snapshot, SharedEventPointer synced,
             int64_t sequence, absl::Time now);
  // A change.
  void Offer(const SharedEventPointer& event);
  // So many changes were lost before they reached it.
  void Lose(int64_t count);
  // No more comes; what waits is read first.
  void End(const absl::Status& why);

  // What waits here, for tests.
  size_t pending_count() const;

 private:
  enum class Phase : unsigned char {
    kBeginning,  // the snapshot will have what changes now
    kLive,
    kBehind,     // changes were lost; what was kept is read first
    kResyncing,  // it was, and the hub was asked for a snapshot
  };

  SharedEventPointer TakeNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Serve() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const EventFilter filter_;
  const Start start_;
  EventInbox* const inbox_;

  mutable absl::Mutex mutex_;
  Reader* reader_ ABSL_GUARDED_BY(mutex_);
  Phase phase_ ABSL_GUARDED_BY(mutex_) = Phase::kBeginning;
  bool wanted_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t lost_count_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status end_ ABSL_GUARDED_BY(mutex_);
  // What waits, in this order.
  SharedEventPointer gap_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const EventSnapshot> snapshot_ ABSL_GUARDED_BY(mutex_);
  size_t snapshot_position_ ABSL_GUARDED_BY(mutex_) = 0;
  SharedEventPointer synced_ ABSL_GUARDED_BY(mutex_);
  std::deque<SharedEventPointer> pending_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_EVENT_EVENT_WATCHER_H_
