#ifndef SIPCM_SERVER_EVENT_EVENT_CONVERSION_H_
#define SIPCM_SERVER_EVENT_EVENT_CONVERSION_H_

#include "core/engine/engine_event.h"
#include "proto/sipcm/v1/event.pb.h"

namespace sipcm::server {

// Whether the API has a word for it: others are for the log only.
bool IsTold(engine::EngineEvent::Kind kind);
// Whether the hub keeps what it says also while nobody watches: states of managers and endpoints.
bool IsKept(const engine::EngineEvent& event);

// Everything but time and sequence, and, of a manager's or endpoint's state, but the object: the
// engine knows of its settings only what it needs. `event` IsTold().
sipcm::v1::Event ToProto(const engine::EngineEvent& event);

// EXISTING.
sipcm::v1::Event ToExisting(const engine::ConnectionSnapshot& connection);
sipcm::v1::Event ToExisting(const engine::PoolSnapshot& pool);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_EVENT_EVENT_CONVERSION_H_
