#ifndef SIPCM_SERVER_EVENT_SNAPSHOT_ROUND_H_
#define SIPCM_SERVER_EVENT_SNAPSHOT_ROUND_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "core/engine/engine_event.h"
#include "proto/sipcm/v1/event.pb.h"
#include "server/event/object_class.h"
#include "server/event/shared_event.h"

namespace sipcm::server {

// A snapshot in the making. Each owner of objects (every worker, every catalogue) tells once what
// it has, in order with its changes. So what it told is put in, and every change is applied as it
// comes, before and after: an object is then as its last word says, whatever the order in which the
// owners speak. Bounded by what there is. Not thread-safe.
class SnapshotRound {
 public:
  SnapshotRound(uint64_t id, ObjectClasses classes) : id_(id), classes_(classes) {}

  uint64_t id() const { return id_; }

  // A change; passed over when its class is not wanted.
  void Apply(const sipcm::v1::Event& event);
  // What an owner told. `existing` are EXISTING events of this class.
  void Put(ObjectClass object_class, std::vector<sipcm::v1::Event> existing);
  void Put(const engine::WorkerState& worker);
  // Everyone has spoken.
  bool complete() const;

  // As of the change `sequence`. Once.
  std::shared_ptr<const EventSnapshot> Finish(int64_t sequence, absl::Time now);

 private:
  bool Includes(ObjectClass one) const { return (classes_ & Only(one)) != 0; }
  void PutObject(ObjectClass object_class, sipcm::v1::Event event);
  void ApplyThrottling(const sipcm::v1::Event& event);

  const uint64_t id_;
  const ObjectClasses classes_;
  ObjectClasses told_ = 0;         // by catalogues
  int awaited_worker_count_ = -1;  // not known before the first
  std::map<std::pair<ObjectClass, std::string>, sipcm::v1::Event> objects_;
};

// Without object: SYNCED and GAP.
sipcm::v1::Event MakeMark(sipcm::v1::Event::Kind kind, int64_t sequence, absl::Time now);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_EVENT_SNAPSHOT_ROUND_H_
