#ifndef SIPCM_SERVER_CATALOG_SHOWN_RESOURCE_H_
#define SIPCM_SERVER_CATALOG_SHOWN_RESOURCE_H_

#include "proto/sipcm/v1/connection_manager.pb.h"
#include "proto/sipcm/v1/endpoint.pb.h"
#include "server/catalog/control_state.h"

namespace sipcm::server {

// What is stored as callers see it, in answers and events alike: with what the engine says of it
// now. Here because catalogues also change, and tell of, what is another one's.
sipcm::v1::ConnectionManager Shown(const sipcm::v1::ConnectionManager& stored, ControlState* state)
    ABSL_EXCLUSIVE_LOCKS_REQUIRED(state->mutex);
sipcm::v1::Endpoint Shown(const sipcm::v1::Endpoint& stored, ControlState* state)
    ABSL_EXCLUSIVE_LOCKS_REQUIRED(state->mutex);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CATALOG_SHOWN_RESOURCE_H_
