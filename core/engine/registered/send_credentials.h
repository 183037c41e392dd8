#ifndef SIPCM_CORE_ENGINE_REGISTERED_SEND_CREDENTIALS_H_
#define SIPCM_CORE_ENGINE_REGISTERED_SEND_CREDENTIALS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "core/registration/authenticator.h"
#include "core/sip/message_view.h"

namespace sipcm::engine {

// How one send of a REGISTERED endpoint is authorised by the server (RFC 3261 22.2, 22.3): it keeps
// the request as it went out, and makes the one that answers a challenge. What an application
// authorises itself is its own. Thread: the send's.
class SendCredentials final {
 public:
  // Challenges of one send that are answered: a proxy's, the server's, one stale nonce each.
  static constexpr int kMaxAnswers = 4;

  // Whether the server is to authorise such a request: none of REGISTER, ACK and CANCEL, and none
  // that brings credentials. `bytes`: a whole request.
  static bool Concerns(const sip::MessageView& request);

  // The request that `*tail` has from `begin` on is about to go out: what is known to be asked is
  // answered beforehand, and it is kept.
  void OnComposed(registration::Authenticator* authenticator, std::string* tail, size_t begin);

  // False: the challenge is the application's business.
  bool Take(registration::Authenticator* authenticator, const sip::MessageView& challenge);
  // After Take(): the next request, with that number, kept in place of the former.
  const std::string& Again(registration::Authenticator* authenticator, absl::string_view branch,
                           uint32_t cseq);

 private:
  std::string request_;  // as sent; empty: not concerned
  registration::Authenticator::Round round_;
  int answers_ = 0;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_REGISTERED_SEND_CREDENTIALS_H_
