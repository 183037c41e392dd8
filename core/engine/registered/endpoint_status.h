#ifndef SIPCM_CORE_ENGINE_REGISTERED_ENDPOINT_STATUS_H_
#define SIPCM_CORE_ENGINE_REGISTERED_ENDPOINT_STATUS_H_

#include "core/base/snapshot_cell.h"
#include "core/connection/connection_id.h"
#include "core/registration/registration_status.h"

namespace sipcm::engine {

// How a REGISTERED endpoint is: written by its worker, read by control. A value.
struct EndpointStatus {
  registration::RegistrationStatus registration;
  connection::ConnectionId connection;  // its flow; not valid while there is none
};

using EndpointStatusCell = SnapshotCell<EndpointStatus>;

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_REGISTERED_ENDPOINT_STATUS_H_
