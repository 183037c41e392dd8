#ifndef SIPCM_CORE_ENGINE_SEND_ROUTE_H_
#define SIPCM_CORE_ENGINE_SEND_ROUTE_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
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

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_SEND_ROUTE_H_
