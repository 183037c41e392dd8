#ifndef SIPCM_CORE_REGISTRATION_AUTHENTICATOR_H_
#define SIPCM_CORE_REGISTRATION_AUTHENTICATOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/base/random_source.h"
#include "core/dispatch/registration_settings.h"
#include "core/sip/digest_auth.h"
#include "core/sip/message_view.h"

namespace sipcm::registration {

// Answers who challenges one endpoint, with the endpoint's credentials (RFC 3261 22, RFC 7616,
// RFC 8760). A challenge is remembered with the count of its nonce's uses, so that later requests
// bring their answer with them. Thread: its owner's.
//
// Whose challenges are answered: those of the realm of the settings; where these name none, all
// that REGISTER meets. What another request meets comes from whom it went to (a 407, too: proxies
// pass it on), perhaps a stranger who collects answers: only where its realm is one that REGISTER
// has met, the registrar's host or the address's.
class Authenticator final {
 public:
  enum class Asker : uint8_t { kRegister, kOther };
  struct Request {  // what is to be sent
    absl::string_view method;
    absl::string_view uri;
    absl::string_view body;
  };
  using Headers = std::vector<std::pair<std::string, std::string>>;
  // What one request has met, from its first try to its final answer. A value.
  class Round {
   public:
    Round() = default;

   private:
    friend class Authenticator;
    std::vector<std::string> answered_;  // names of challenges
  };
  // Distinct realms that are remembered; the first that REGISTER has not met goes, else the first.
  static constexpr size_t kMaxRealms = 8;

  // Both outlive this. `own_host`: of the address-of-record, a realm of ours like the registrar's.
  Authenticator(std::shared_ptr<const dispatch::RegistrationSettings> settings,
                absl::string_view own_host, RandomSource* random, sip::DigestHash hash);

  // Other credentials: what was met is forgotten.
  void Change(std::shared_ptr<const dispatch::RegistrationSettings> settings);
  void Forget() { met_.clear(); }

  // The rows (Authorization, Proxy-Authorization) that answer what `round` has met, and what else
  // such a request is asked, as far as it is known. Each is one more use of its nonce.
  void AppendAnswers(const Request& request, Asker asker, const Round& round, Headers* headers);

  // Reads a 401 or 407. OK: AppendAnswers() answers it now. UNAUTHENTICATED, UNIMPLEMENTED or
  // INVALID_ARGUMENT (AUTHENTICATION_FAILED): trying again is of no use, and why.
  absl::Status TakeChallenge(const sip::MessageView& response, Asker asker, Round* round);

  // Whether a server proved that it knows the password too.
  enum class Proof : uint8_t { kNone, kRight, kWrong };
  // Reads what a final answer says of itself (RFC 7616 3.5): the nonces for next time; and the
  // proof, where it is of the last request that was answered. Whose proof is wrong has no say in
  // nonces.
  Proof TakeInfo(const sip::MessageView& response);

 private:
  enum class Challenger : uint8_t { kServer, kProxy };
  struct Met {
    Challenger challenger = Challenger::kServer;
    bool by_register = false;
    sip::DigestChallenge challenge;
    uint32_t nonce_count = 0;
    // Of the last answer to it.
    std::string uri;
    std::string cnonce;
  };

  static std::string NameOf(Challenger challenger, absl::string_view realm);
  absl::Status Judge(const sip::DigestChallenge& challenge, Challenger challenger, Asker asker,
                     const Round& round) const;
  bool IsOurRealm(absl::string_view realm) const;
  Proof Verify(const Met& met, const sip::AuthenticationInfo& info, absl::string_view body) const;
  void Remember(sip::DigestChallenge challenge, Challenger challenger, Asker asker);

  std::shared_ptr<const dispatch::RegistrationSettings> settings_;
  const std::string own_host_;
  RandomSource* const random_;
  const sip::DigestHash hash_;
  std::vector<Met> met_;  // in the order in which they were met
};

}  // namespace sipcm::registration

#endif  // SIPCM_CORE_REGISTRATION_AUTHENTICATOR_H_
