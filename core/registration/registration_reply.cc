#include "core/registration/registration_reply.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/sip/header_reader.h"
#include "core/sip/name_address.h"
#include "core/sip/parameters.h"

namespace sipcm::registration {
namespace {

using Kind = RegistrationReply::Kind;

constexpr absl::Duration kLongestLifetime = absl::Hours(24 * 365);

// Delta-seconds at the front of `text`; a comment or parameters may follow (Retry-After).
bool ReadSeconds(absl::string_view text, absl::Duration* duration) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  uint32_t seconds = 0;
  if (!absl::SimpleAtoi(text.substr(0, digits), &seconds)) return false;
  *duration = std::min(absl::Seconds(seconds), kLongestLifetime);
  return true;
}

// RFC 3261 10.3 step 8: each binding comes back with its own expires; else Expires tells for all.
absl::Duration GrantedLifetime(const sip::MessageView& response,
                               const RegistrationQuestion& question) {
  absl::Duration granted = question.requested_lifetime;
  ReadSeconds(response.FirstValue(sip::HeaderId::kExpires), &granted);
  sip::HeaderReader contacts(response, sip::HeaderId::kContact);
  for (absl::string_view element; contacts.Next(&element);) {
    sip::NameAddress contact;
    sip::Parameter expires;
    if (!sip::ParseNameAddress(element, &contact).empty()) continue;
    if (!absl::EqualsIgnoreCase(contact.uri, question.contact_uri)) continue;
    if (sip::FindParameter(contact.parameters, "expires", &expires)) {
      ReadSeconds(expires.value, &granted);
    }
    break;
  }
  return granted;
}

std::vector<std::string> UrisOf(const sip::MessageView& response, const sip::HeaderField* field) {
  std::vector<std::string> uris;
  for (; field != nullptr; field = response.FindNext(*field)) {
    sip::ListIterator list(response.value(*field));
    for (absl::string_view element; list.Next(&element);) {
      sip::NameAddress address;
      if (sip::ParseNameAddress(element, &address).empty()) uris.emplace_back(address.uri);
    }
  }
  return uris;
}

void ReadChallenge(const sip::MessageView& response, absl::string_view realm,
                   RegistrationReply* reply) {
  const bool is_proxy = response.status_code() == 407;
  reply->challenger =
      is_proxy ? RegistrationReply::Challenger::kProxy : RegistrationReply::Challenger::kRegistrar;
  reply->challenge = MakeError(absl::StatusCode::kUnauthenticated, "AUTHENTICATION_FAILED",
                               "it has no challenge that we may answer");
  const sip::HeaderField* field =
      response.Find(is_proxy ? sip::HeaderId::kProxyAuthenticate : sip::HeaderId::kWwwAuthenticate);
  for (; field != nullptr; field = response.FindNext(*field)) {
    absl::StatusOr<sip::DigestChallenge> challenge =
        sip::ParseDigestChallenge(response.value(*field));
    if (challenge.ok() && !realm.empty() && challenge->realm != realm) {
      reply->challenge =
          MakeError(absl::StatusCode::kUnauthenticated, "AUTHENTICATION_FAILED",
                    absl::StrCat("its realm is \"", absl::CHexEscape(challenge->realm),
                                 "\", and only \"", realm, "\" is answered"));
      continue;
    }
    reply->challenge = std::move(challenge);
    if (reply->challenge.ok()) return;
  }
}

// 4xx that say that another try, unchanged, will not do (RFC 3261 10.3, 21.4).
bool IsForGood(int status_code) {
  switch (status_code) {
    case 400:
    case 403:
    case 404:
    case 405:
    case 406:
    case 410:
    case 414:
    case 416:
    case 420:
    case 421:
    case 501:
    case 604:
      return true;
    default:
      return false;
  }
}

}  // namespace

RegistrationReply ReadRegistrationReply(const sip::MessageView& response,
                                        const RegistrationQuestion& question) {
  const int status_code = response.status_code();
  RegistrationReply reply;
  reply.text =
      absl::StrCat(status_code, " ", absl::CHexEscape(response.reason_phrase().substr(0, 100)));
  if (status_code < 300) {
    reply.kind = Kind::kAccepted;
    reply.lifetime = GrantedLifetime(response, question);
    reply.service_routes = UrisOf(response, response.Find(sip::HeaderId::kServiceRoute));
    reply.associated_uris = UrisOf(response, response.Find("P-Associated-URI"));
  } else if (status_code == 401 || status_code == 407) {
    reply.kind = Kind::kChallenged;
    ReadChallenge(response, question.realm, &reply);
  } else if (status_code == 423) {
    // Without the least, or with one that we asked for, there is nothing to learn from it.
    const bool tells =
        ReadSeconds(response.FirstValue(sip::HeaderId::kMinExpires), &reply.lifetime) &&
        reply.lifetime > question.requested_lifetime;
    reply.kind = tells ? Kind::kTooBrief : Kind::kTryLater;
  } else if (IsForGood(status_code)) {
    reply.kind = Kind::kRefused;
  } else {
    ReadSeconds(response.FirstValue(sip::HeaderId::kRetryAfter), &reply.retry_after);
  }
  return reply;
}

}  // namespace sipcm::registration
