#ifndef SIPCM_CORE_REGISTRATION_REGISTRATION_STATUS_H_
#define SIPCM_CORE_REGISTRATION_REGISTRATION_STATUS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sipcm::registration {

enum class RegistrationState : uint8_t {
  kUnregistered,  // tries again: at `retry_time`, or with the next connection
  kRegistering,
  kRegistered,  // until `expire_time`
  kRefreshing,  // still registered
  kUnregistering,
  kFailed,  // refused for good: needs other settings
};

// "UNREGISTERED", ...: the words of the API.
absl::string_view RegistrationStateName(RegistrationState state);

// How far a registration got. A value.
struct RegistrationStatus {
  RegistrationState state = RegistrationState::kUnregistered;
  std::string reason;  // the last refusal or fault, for people; empty: none
  absl::Time expire_time = absl::InfiniteFuture();  // infinite: not registered
  absl::Time retry_time = absl::InfiniteFuture();   // of the next REGISTER; infinite: none is due
  std::vector<std::string> service_routes;          // RFC 3608, in order
  std::vector<std::string> associated_uris;         // P-Associated-URI (RFC 7315 4.1)
  std::vector<std::string> paths;                   // RFC 3327: how requests come to us
  std::string contact_uri;  // for Contacts of other requests; empty: not registered
  std::string public_gruu;  // RFC 5627; empty: the registrar gave none
  std::vector<std::string> temporary_gruus;  // newest first
  bool is_outbound = false;                  // requests come by the flow itself (RFC 5626)
  absl::Duration flow_timer;                 // of a keep-alive at least; zero: not said

  bool is_registered() const {
    return state == RegistrationState::kRegistered || state == RegistrationState::kRefreshing;
  }
};

}  // namespace sipcm::registration

#endif  // SIPCM_CORE_REGISTRATION_REGISTRATION_STATUS_H_
