#ifndef SIPCM_CORE_DISPATCH_REGISTRATION_SETTINGS_H_
#define SIPCM_CORE_DISPATCH_REGISTRATION_SETTINGS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "core/pool/destination.h"

namespace sipcm::dispatch {

// How a REGISTERED endpoint registers (RFC 3261 10, RFC 5626). Checked by who makes it; immutable.
struct RegistrationSettings {
  std::string registrar;                            // its URI: "sip:example.com"
  std::optional<pool::Destination> outbound_proxy;  // where all requests go; else by `registrar`
  std::string username;
  std::string password;  // empty: a challenge ends in FAILED
  std::string realm;     // answer this one only; empty: any
  absl::Duration requested_lifetime = absl::Seconds(3600);
  std::string instance_id;  // "urn:uuid:..."; empty: no +sip.instance
  int reg_id = 1;           // 0: no outbound

  friend bool operator==(const RegistrationSettings&, const RegistrationSettings&) = default;
};

}  // namespace sipcm::dispatch

#endif  // SIPCM_CORE_DISPATCH_REGISTRATION_SETTINGS_H_
