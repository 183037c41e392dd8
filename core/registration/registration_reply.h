#ifndef SIPCM_CORE_REGISTRATION_REGISTRATION_REPLY_H_
#define SIPCM_CORE_REGISTRATION_REGISTRATION_REPLY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/sip/message_view.h"

namespace sipcm::registration {

// What we asked, as far as reading the reply needs it.
struct RegistrationQuestion {
  absl::string_view contact_uri;
  absl::Duration requested_lifetime;
  absl::string_view instance_id;  // empty: none
  int reg_id = 0;                 // 0: none
  absl::string_view address;      // the address-of-record, a URI
};

// What a final response to a REGISTER means (RFC 3261 10.2 and 10.3).
struct RegistrationReply {
  enum class Kind : uint8_t {
    kAccepted,
    kChallenged,
    kTooBrief,    // 423: ask for `lifetime` at least
    kNoOutbound,  // 439: the first hop does not keep flows; ask without reg-id (RFC 5626 6)
    kTryLater,
    kRefused,  // asking again changes nothing
  };
  Kind kind = Kind::kTryLater;
  // Of our binding as granted; of kTooBrief: the least.
  absl::Duration lifetime;
  absl::Duration retry_after;  // kTryLater: not before; zero: not said
  // kAccepted:
  std::vector<std::string> service_routes;   // RFC 3608
  std::vector<std::string> associated_uris;  // P-Associated-URI
  std::vector<std::string> paths;            // RFC 3327, as the registrar keeps them
  // Of our binding (RFC 5627); empty: none, or one that names another's address (public) or domain
  // (temporary): a registrar must not have us take another endpoint's requests.
  std::string public_gruu;
  std::string temporary_gruu;
  bool is_outbound = false;   // Require: outbound: requests come by our flow (RFC 5626 6)
  absl::Duration flow_timer;  // how long the flow lives without a keep-alive; zero: not said

  std::string text;  // "403 Forbidden", for people
};

// Pure.
RegistrationReply ReadRegistrationReply(const sip::MessageView& response,
                                        const RegistrationQuestion& question);

}  // namespace sipcm::registration

#endif  // SIPCM_CORE_REGISTRATION_REGISTRATION_REPLY_H_
