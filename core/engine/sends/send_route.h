#ifndef SIPCM_CORE_ENGINE_SENDS_SEND_ROUTE_H_
#define SIPCM_CORE_ENGINE_SENDS_SEND_ROUTE_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/dispatch/registration_settings.h"
#include "core/engine/engine_config.h"
#include "core/engine/message_order.h"
#include "core/pool/destination.h"

namespace sipcm::engine {

// Where a send goes that names no connection: its destination; else its first Route; else its
// Request-URI (RFC 3261 8.1.2). A SERVER_TLS manager sends over TLS and a SERVER_TCP one over TCP,
// a CLIENT over either; sips and transport=tls mean TLS. INVALID_ARGUMENT names the field, also
// that of a transport which the manager's kind does not have.
absl::StatusOr<pool::Destination> RouteOf(const SendOrder& order, const ManagerConfig& config);

// Judges the request before anything is opened for it: what the builder or our own framer and
// parser would refuse. INVALID_ARGUMENT names the field.
absl::Status CheckOrder(const SendOrder& order, const ManagerConfig& config);

// Where a REGISTERED endpoint's requests go first: its outbound proxy, or what its registrar's URI
// says. INVALID_ARGUMENT ("registration.registrar", "registration.outbound_proxy") when that is no
// place, or the manager's kind does not go there.
absl::StatusOr<pool::Destination> FirstHopOf(const dispatch::RegistrationSettings& registration,
                                             const ManagerConfig& config);

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_SENDS_SEND_ROUTE_H_
