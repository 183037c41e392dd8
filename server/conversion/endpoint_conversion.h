#ifndef SIPCM_SERVER_CONVERSION_ENDPOINT_CONVERSION_H_
#define SIPCM_SERVER_CONVERSION_ENDPOINT_CONVERSION_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/dispatch/endpoint.h"
#include "core/engine/engine_snapshot.h"
#include "proto/sipcm/v1/connection_manager.pb.h"
#include "proto/sipcm/v1/endpoint.pb.h"
#include "proto/sipcm/v1/endpoints.pb.h"

namespace sipcm::server {

// Checks every field of an endpoint by itself and gives it an epid when it has none. Its manager
// is checked for form only, and may be empty. INVALID_ARGUMENT names the field, relative to the
// endpoint.
absl::Status NormalizeEndpoint(sipcm::v1::Endpoint* endpoint);

// `endpoint` was normalized, has a name and this manager.
dispatch::Endpoint ToEndpoint(const sipcm::v1::Endpoint& endpoint,
                              const sipcm::v1::ConnectionManager& manager,
                              const std::string& password);

// Fills in what is in force where the manager's defaults are.
void AddManagerDefaults(const sipcm::v1::ConnectionManager& manager, sipcm::v1::Endpoint* endpoint);

sipcm::v1::EndpointStatistics ToProto(const engine::EndpointStatistics& statistics);

// The request of an ExplainDispatchRequest as SIP text. The parts get what a request has to have
// and dispatch does not look at. INVALID_ARGUMENT names the field, relative to the request.
absl::StatusOr<std::string> ToRequestText(const sipcm::v1::SipRequest& request);

sipcm::v1::ExplainDispatchResponse ToProto(const engine::DispatchExplanation& explanation);

sipcm::v1::DispatchReason ToProto(dispatch::DispatchReason reason);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CONVERSION_ENDPOINT_CONVERSION_H_
