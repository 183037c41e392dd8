#ifndef SIPCM_SERVER_CONVERSION_REGISTRATION_CONVERSION_H_
#define SIPCM_SERVER_CONVERSION_REGISTRATION_CONVERSION_H_

#include <string>

#include "absl/status/status.h"
#include "core/dispatch/registration_settings.h"
#include "core/engine/registered/endpoint_status.h"
#include "proto/sipcm/v1/connection_manager.pb.h"
#include "proto/sipcm/v1/endpoint.pb.h"

namespace sipcm::server {

// Checks and fills in how a REGISTERED endpoint registers, and clears what only the server says.
// INVALID_ARGUMENT names the field ("registration.registrar", ...).
absl::Status NormalizeRegistration(sipcm::v1::Endpoint* endpoint);

// Takes the password out of it: it is kept apart from what is answered. False: it has none.
bool TakePassword(sipcm::v1::Endpoint* endpoint, std::string* password);

// Of a checked one.
dispatch::RegistrationSettings ToSettings(const sipcm::v1::Endpoint& endpoint,
                                          const sipcm::v1::ConnectionManager& manager,
                                          const std::string& password);

// State and reason of a REGISTERED endpoint, and of its registration; replaces what is there.
void AddStatus(const engine::EndpointStatus& status, sipcm::v1::Endpoint* endpoint);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CONVERSION_REGISTRATION_CONVERSION_H_
