#ifndef SIPCM_SERVER_EVENT_RESOURCE_EVENT_SINK_H_
#define SIPCM_SERVER_EVENT_RESOURCE_EVENT_SINK_H_

#include "proto/sipcm/v1/event.pb.h"

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
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_EVENT_RESOURCE_EVENT_SINK_H_
