#ifndef SIPCM_SERVER_MESSAGING_CONVERSION_ENDPOINT_LOOKUP_H_
#define SIPCM_SERVER_MESSAGING_CONVERSION_ENDPOINT_LOOKUP_H_

#include <functional>
#include <string>

#include "absl/types/optional.h"
#include "core/connection/connection_settings.h"

namespace sipcm::server {

// What the catalogue knows of an endpoint and the engine's seam does not tell.
struct EndpointFacts {
  std::string manager_id;
  // Of a destination that names none: TLS on a SERVER_TLS manager, else TCP.
  connection::Transport default_transport = connection::Transport::kTcp;
};

// By endpoint id; nullopt when there is none. Called from any thread; must not block for long.
using EndpointLookup = std::function<absl::optional<EndpointFacts>(const std::string&)>;

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_CONVERSION_ENDPOINT_LOOKUP_H_
