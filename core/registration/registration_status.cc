#include "core/registration/registration_status.h"

#include "core/base/check.h"

namespace sipcm::registration {

absl::string_view RegistrationStateName(RegistrationState state) {
  switch (state) {
    case RegistrationState::kUnregistered:
      return "UNREGISTERED";
    case RegistrationState::kRegistering:
      return "REGISTERING";
    case RegistrationState::kRegistered:
      return "REGISTERED";
    case RegistrationState::kRefreshing:
      return "REFRESHING";
    case RegistrationState::kUnregistering:
      return "UNREGISTERING";
    case RegistrationState::kFailed:
      return "FAILED";
  }
  SIPCM_UNREACHABLE("unknown RegistrationState");
}

}  // namespace sipcm::registration
