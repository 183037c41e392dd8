#ifndef SIPCM_SERVER_EVENT_RESOURCE_EVENT_SINK_H_
#define SIPCM_SERVER_EVENT_RESOURCE_EVENT_SINK_H_

#include <cstdint>
#include <vector>

#include "proto/sipcm/v1/event.pb.h"
#include "server/event/object_class.h"

namespace sipcm::server {

// Hears what becomes of the resources that callers own: managers, endpoints, certificates, trust
// bundles, the server. Told by the catalogues with the lock held under which the change was made,
// so that events about one object come in order.
class ResourceEventSink {
 public:
  virtual ~ResourceEventSink() = default;

  // `event` has kind, name and object, and an explanation where the kind does not say all; time and
  // sequence are set by whoever hears it (see MakeEvent). Any thread; neither blocks nor calls a
  // catalogue.
  virtual void OnResourceEvent(sipcm::v1::Event event) = 0;

  // The answer to a question of `round`: all objects of one class as EXISTING events, told with the
  // lock held, in order with the changes of that class.
  virtual void OnResourceState(uint64_t round, ObjectClass object_class,
                               std::vector<sipcm::v1::Event> existing) = 0;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_EVENT_RESOURCE_EVENT_SINK_H_
