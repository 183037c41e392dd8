#ifndef SIPCM_SERVER_CONVERSION_CONNECTION_CONVERSION_H_
#define SIPCM_SERVER_CONVERSION_CONNECTION_CONVERSION_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/connection/close_reason.h"
#include "core/engine/engine_snapshot.h"
#include "proto/sipcm/v1/connection.pb.h"

namespace sipcm::server {

// "connectionManagers/edge/connections/1f"
std::string ConnectionName(const std::string& manager_id, connection::ConnectionId id);

// The same taken apart.
struct ParsedConnectionName {
  std::string manager_id;
  connection::ConnectionId id;
};
// INVALID_ARGUMENT (REQUIRED_FIELD_MISSING, INVALID_NAME) naming `field`.
absl::StatusOr<ParsedConnectionName> ParseConnectionName(const std::string& name,
                                                         absl::string_view field);

sipcm::v1::Connection ToProto(const engine::ConnectionSnapshot& connection);

sipcm::v1::Connection::CloseReason ToProto(connection::CloseReason reason);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CONVERSION_CONNECTION_CONVERSION_H_
