#ifndef SIPCM_CORE_REGISTRATION_REGISTRATION_REPLY_H_
#define SIPCM_CORE_REGISTRATION_REGISTRATION_REPLY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/sip/digest_auth.h"
#include "core/sip/message_view.h"

namespace sipcm::registration {

// What we asked, as far as reading the reply needs it.
struct RegistrationQuestion {
  absl::string_view contact_uri;
  absl::Duration requested_lifetime;
  absl::string_view realm;  // only challenges of this one are looked at; empty: of any
};

// What a final response to a REGISTER means (RFC 3261 10.2 and 10.3).
struct RegistrationReply {
  enum class Kind : uint8_t {
    kAccepted,
    kChallenged,
    kTooBrief,  // 423: ask for `lifetime` at least
    kTryLater,
    kRefused,  // asking again changes nothing
  };
  enum class Challenger : uint8_t { kRegistrar, kProxy };

  Kind kind = Kind::kTryLater;
  // Of our binding as granted; of kTooBrief: the least.
  absl::Duration lifetime;
  absl::Duration retry_after;  // kTryLater: not before; zero: not said
  Challenger challenger = Challenger::kRegistrar;
  // kChallenged: the first that we can answer (RFC 8760 2.3), or why none.
  absl::StatusOr<sip::DigestChallenge> challenge = absl::UnimplementedError("none");
  std::vector<std::string> service_routes;   // kAccepted
  std::vector<std::string> associated_uris;  // kAccepted
  std::string text;                          // "403 Forbidden", for people
};

// Pure.
RegistrationReply ReadRegistrationReply(const sip::MessageView& response,
                                        const RegistrationQuestion& question);

}  // namespace sipcm::registration

#endif  // SIPCM_CORE_REGISTRATION_REGISTRATION_REPLY_H_
