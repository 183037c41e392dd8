#ifndef SIPCM_SERVER_EVENT_SHARED_EVENT_H_
#define SIPCM_SERVER_EVENT_SHARED_EVENT_H_

#include <memory>
#include <string>
#include <vector>

#include "proto/sipcm/v1/event.pb.h"
#include "server/event/object_class.h"

namespace sipcm::server {

// An event as all that watch it share it: serialized once, immutable, with what filters look at.
struct SharedEvent {
  explicit SharedEvent(const sipcm::v1::Event& event)
      : kind(event.kind()),
        object_class(ClassOfObject(event)),
        is_throttled(IsThrottled(event)),
        name(event.name()),
        bytes(event.SerializeAsString()) {}

  const sipcm::v1::Event::Kind kind;
  const ObjectClass object_class;
  const bool is_throttled;
  const std::string name;
  const std::string bytes;  // a whole sipcm.v1.Event
};
using SharedEventPointer = std::shared_ptr<const SharedEvent>;

// What is at one moment: EXISTING events, and the SYNCED that ends them.
struct EventSnapshot {
  std::vector<SharedEventPointer> existing;
  SharedEventPointer synced;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_EVENT_SHARED_EVENT_H_
