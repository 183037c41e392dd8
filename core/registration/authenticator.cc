#include "core/registration/authenticator.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/sip/uri.h"

namespace sipcm::registration {
namespace {

absl::Status Refused(std::string message) {
  return MakeError(absl::StatusCode::kUnauthenticated, "AUTHENTICATION_FAILED", std::move(message));
}

}  // namespace

Authenticator::Authenticator(std::shared_ptr<const dispatch::RegistrationSettings> settings,
                             absl::string_view own_host, RandomSource* random, sip::DigestHash hash)
    : settings_(std::move(settings)), own_host_(own_host), random_(random), hash_(hash) {}

void Authenticator::Change(std::shared_ptr<const dispatch::RegistrationSettings> settings) {
  settings_ = std::move(settings);
  Forget();
}

std::string Authenticator::NameOf(Challenger challenger, absl::string_view realm) {
  return absl::StrCat(challenger == Challenger::kProxy ? "proxy " : "server ", realm);
}

void Authenticator::AppendAnswers(const Request& request, Asker asker, const Round& round,
                                  Headers* headers) {
  for (Met& met : met_) {
    const bool is_asked = met.challenger == Challenger::kProxy ||
                          (asker == Asker::kRegister && met.by_register) ||
                          std::count(round.answered_.begin(), round.answered_.end(),
                                     NameOf(met.challenger, met.challenge.realm)) > 0;
    if (!is_asked) continue;
    const std::string cnonce = absl::StrCat(absl::Hex(random_->Next(), absl::kZeroPad16));
    sip::DigestRequest digest;
    digest.method = request.method;
    digest.uri = request.uri;
    digest.body = request.body;
    digest.cnonce = cnonce;
    digest.nonce_count = ++met.nonce_count;
    met.uri = std::string(request.uri);
    met.cnonce = cnonce;
    headers->emplace_back(
        met.challenger == Challenger::kProxy ? "Proxy-Authorization" : "Authorization",
        sip::MakeDigestAnswer(met.challenge, {settings_->username, settings_->password}, digest,
                              hash_));
  }
}

absl::Status Authenticator::TakeChallenge(const sip::MessageView& response, Asker asker,
                                          Round* round) {
  const bool is_proxy = response.status_code() == 407;
  const Challenger challenger = is_proxy ? Challenger::kProxy : Challenger::kServer;
  absl::Status why = Refused("it has no challenge that we may answer");
  std::vector<std::string> now;
  const sip::HeaderField* field =
      response.Find(is_proxy ? sip::HeaderId::kProxyAuthenticate : sip::HeaderId::kWwwAuthenticate);
  for (; field != nullptr; field = response.FindNext(*field)) {
    absl::StatusOr<sip::DigestChallenge> challenge =
        sip::ParseDigestChallenge(response.value(*field));
    if (!challenge.ok()) {
      why = std::move(challenge).status();
      continue;
    }
    std::string name = NameOf(challenger, challenge->realm);
    // Of several algorithms for one realm the first that is served is the best (RFC 8760 2.3).
    if (std::count(now.begin(), now.end(), name) > 0) continue;
    if (absl::Status judged = Judge(*challenge, challenger, asker, *round); !judged.ok()) {
      why = std::move(judged);
      continue;
    }
    Remember(*std::move(challenge), challenger, asker);
    now.push_back(std::move(name));
  }
  if (now.empty()) return why;
  for (std::string& name : now) {
    if (std::count(round->answered_.begin(), round->answered_.end(), name) == 0) {
      round->answered_.push_back(std::move(name));
    }
  }
  return absl::OkStatus();
}

absl::Status Authenticator::Judge(const sip::DigestChallenge& challenge, Challenger challenger,
                                  Asker asker, const Round& round) const {
  const std::string realm = absl::CHexEscape(challenge.realm);
  if (!settings_->realm.empty() && challenge.realm != settings_->realm) {
    return Refused(absl::StrCat("its realm is \"", realm, "\", and only \"", settings_->realm,
                                "\" is answered"));
  }
  if (asker == Asker::kOther && !IsOurRealm(challenge.realm)) {
    return Refused(absl::StrCat("its realm \"", realm,
                                "\" is not the registrar's; answer it yourself, or set "
                                "registration.realm"));
  }
  if (settings_->password.empty()) {
    return Refused(absl::StrCat("credentials for realm \"", realm,
                                "\" are wanted; set registration.password"));
  }
  const bool was_answered = std::count(round.answered_.begin(), round.answered_.end(),
                                       NameOf(challenger, challenge.realm)) > 0;
  if (was_answered && !challenge.stale) {
    return Refused(absl::StrCat("user \"", settings_->username,
                                "\" and its password are not accepted in realm \"", realm, "\""));
  }
  return absl::OkStatus();
}

bool Authenticator::IsOurRealm(absl::string_view realm) const {
  if (!settings_->realm.empty()) return true;  // judged before
  if (absl::EqualsIgnoreCase(realm, own_host_) ||
      absl::EqualsIgnoreCase(realm, sip::ParseUri(settings_->registrar).host)) {
    return true;
  }
  return std::any_of(met_.begin(), met_.end(), [&](const Met& met) {
    return met.by_register && met.challenge.realm == realm;
  });
}

void Authenticator::Remember(sip::DigestChallenge challenge, Challenger challenger, Asker asker) {
  auto met = std::find_if(met_.begin(), met_.end(), [&](const Met& known) {
    return known.challenger == challenger && known.challenge.realm == challenge.realm;
  });
  if (met == met_.end()) {
    if (met_.size() >= kMaxRealms) {
      const auto other = std::find_if(met_.begin(), met_.end(),
                                      [](const Met& known) { return !known.by_register; });
      met_.erase(other != met_.end() ? other : met_.begin());
    }
    met = met_.emplace(met_.end());
    met->challenger = challenger;
  }
  // Who gives the same nonce again goes on counting its uses.
  if (met->challenge.nonce != challenge.nonce) met->nonce_count = 0;
  met->challenge = std::move(challenge);
  met->by_register = met->by_register || asker == Asker::kRegister;
}

Authenticator::Proof Authenticator::Verify(const Met& met, const sip::AuthenticationInfo& info,
                                           absl::string_view body) const {
  // Of one before the last nothing is known any more.
  if (info.proof.empty() || info.cnonce.empty() || info.cnonce != met.cnonce) return Proof::kNone;
  sip::DigestRequest request;
  request.uri = met.uri;
  request.body = body;
  request.cnonce = met.cnonce;
  request.nonce_count = met.nonce_count;
  const std::string wanted = sip::MakeDigestProof(
      met.challenge, {settings_->username, settings_->password}, request, hash_);
  return absl::EqualsIgnoreCase(info.proof, wanted) ? Proof::kRight : Proof::kWrong;
}

Authenticator::Proof Authenticator::TakeInfo(const sip::MessageView& response) {
  const sip::HeaderField* const server = response.Find(sip::HeaderId::kAuthenticationInfo);
  const sip::HeaderField* const proxy = response.Find("Proxy-Authentication-Info");
  Proof proof = Proof::kNone;
  for (Met& met : met_) {
    const sip::HeaderField* const field = met.challenger == Challenger::kProxy ? proxy : server;
    // It names no realm: of several challengers it is not told whose it is.
    const auto is_same = [&](const Met& other) { return other.challenger == met.challenger; };
    if (field == nullptr || std::count_if(met_.begin(), met_.end(), is_same) != 1) continue;
    sip::AuthenticationInfo info = sip::ParseAuthenticationInfo(response.value(*field));
    const Proof its = Verify(met, info, response.body());
    if (its != Proof::kNone && proof != Proof::kWrong) proof = its;
    if (its == Proof::kWrong || info.next_nonce.empty() || info.next_nonce == met.challenge.nonce) {
      continue;
    }
    met.challenge.nonce = std::move(info.next_nonce);
    met.nonce_count = 0;
  }
  return proof;
}

}  // namespace sipcm::registration
