#ifndef SIPCM_SERVER_SERVICE_EVENTS_SERVICE_H_
#define SIPCM_SERVER_SERVICE_EVENTS_SERVICE_H_

#include <memory>

#include "server/event/event_hub.h"

namespace grpc {
class Service;
}

namespace sipcm::server {

// sipcm.v1.Events over a hub, which outlives it. In this version TraceMessages answers
// UNIMPLEMENTED.
std::unique_ptr<grpc::Service> MakeEventsService(EventHub* hub);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_SERVICE_EVENTS_SERVICE_H_
