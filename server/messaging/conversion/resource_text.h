#ifndef SIPCM_SERVER_MESSAGING_CONVERSION_RESOURCE_TEXT_H_
#define SIPCM_SERVER_MESSAGING_CONVERSION_RESOURCE_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "core/connection/connection_id.h"
#include "core/dispatch/request_id.h"

namespace sipcm::server {

// Names as they stand in messages, written into a string that keeps its memory: these run several
// times for every request on the fast path.

// "endpoints/{id}".
void AssignEndpointName(absl::string_view id, std::string* name);
// "connectionManagers/{id}".
void AssignManagerName(absl::string_view id, std::string* name);
// "connectionManagers/{id}/connections/{id}"; empty when there is no connection.
void AssignConnectionName(absl::string_view manager_id, connection::ConnectionId connection,
                          std::string* name);
// "connectionManagers/{id}/pools/{id}".
void AssignPoolName(absl::string_view manager_id, absl::string_view pool_id, std::string* name);
// RequestId::ToString().
void AssignRequestId(dispatch::RequestId id, std::string* text);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_CONVERSION_RESOURCE_TEXT_H_
