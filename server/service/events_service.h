#ifndef SIPCM_SERVER_SERVICE_EVENTS_SERVICE_H_
#define SIPCM_SERVER_SERVICE_EVENTS_SERVICE_H_

#include <memory>

namespace grpc {
class Service;
}

namespace sipcm::server {

// sipcm.v1.Events: in this version every method answers UNIMPLEMENTED and says what to use.
std::unique_ptr<grpc::Service> MakeEventsService();

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_SERVICE_EVENTS_SERVICE_H_
