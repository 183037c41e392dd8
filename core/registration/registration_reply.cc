#include "core/registration/registration_reply.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/sip/address_of_record.h"
#include "core/sip/header_reader.h"
#include "core/sip/name_address.h"
#include "core/sip/parameters.h"
#include "core/sip/uri.h"

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

// Whether a Contact of the response is what we registered: our URI, or our instance and reg-id
// where the registrar has rewritten it (RFC 5626 6).
bool IsOurs(const sip::NameAddress& contact, const RegistrationQuestion& question) {
  if (absl::EqualsIgnoreCase(contact.uri, question.contact_uri)) return true;
  sip::Parameter instance;
  if (question.instance_id.empty() ||
      !sip::FindParameter(contact.parameters, "+sip.instance", &instance) ||
      instance.value != absl::StrCat("\"<", question.instance_id, ">\"")) {
    return false;
  }
  sip::Parameter reg_id;
  return !sip::FindParameter(contact.parameters, "reg-id", &reg_id) ||
         reg_id.value == absl::StrCat(question.reg_id);
}

// A GRUU as a Contact's parameter gives it, in quotes; empty when it is none.
std::string GruuOf(const sip::NameAddress& contact, absl::string_view name) {
  constexpr size_t kMaxLength = 512;
  sip::Parameter parameter;
  if (!sip::FindParameter(contact.parameters, name, &parameter)) return "";
  absl::string_view text = parameter.value;
  if (text.size() < 2 || text.size() > kMaxLength || text.front() != '"') return "";
  text = text.substr(1, text.size() - 2);
  const sip::UriView uri = sip::ParseUri(text);
  sip::Parameter gr;
  return uri.ok() && uri.is_sip() && uri.FindParameter("gr", &gr) ? std::string(text) : "";
}

// RFC 5627 3.1.1: a public GRUU is the address-of-record with "gr".
bool IsOfAddress(absl::string_view gruu, absl::string_view address) {
  return sip::AddressOfRecord(sip::ParseUri(gruu)).text() ==
         sip::AddressOfRecord(sip::ParseUri(address)).text();
}

// RFC 5627 3.1.2: the user part of a temporary one is the registrar's own.
bool IsOfDomain(absl::string_view gruu, absl::string_view address) {
  return sip::AddressOfRecord(sip::ParseUri(gruu)).host() ==
         sip::AddressOfRecord(sip::ParseUri(address)).host();
}

// RFC 3261 10.3 step 8: each binding comes back with its own expires; else Expires tells for all.
void ReadBinding(const sip::MessageView& response, const RegistrationQuestion& question,
                 RegistrationReply* reply) {
  reply->lifetime = question.requested_lifetime;
  ReadSeconds(response.FirstValue(sip::HeaderId::kExpires), &reply->lifetime);
  sip::HeaderReader contacts(response, sip::HeaderId::kContact);
  for (absl::string_view element; contacts.Next(&element);) {
    sip::NameAddress contact;
    sip::Parameter expires;
    if (!sip::ParseNameAddress(element, &contact).empty() || !IsOurs(contact, question)) continue;
    if (sip::FindParameter(contact.parameters, "expires", &expires)) {
      ReadSeconds(expires.value, &reply->lifetime);
    }
    reply->public_gruu = GruuOf(contact, "pub-gruu");
    if (!IsOfAddress(reply->public_gruu, question.address)) reply->public_gruu.clear();
    reply->temporary_gruu = GruuOf(contact, "temp-gruu");
    if (!IsOfDomain(reply->temporary_gruu, question.address)) reply->temporary_gruu.clear();
    break;
  }
}

std::vector<std::string> UrisOf(const sip::MessageView& response, const sip::HeaderField* field) {
  std::vector<std::string> uris;
  for (; field != nullptr; field = response.FindNext(*field)) {
    sip::ListIterator list(response.value(*field));
    for (absl::string_view element; list.Next(&element);) {
      sip::NameAddress address;
      // What we could not write into a request of ours is passed over.
      if (sip::ParseNameAddress(element, &address).empty() && sip::ParseUri(address.uri).ok()) {
        uris.emplace_back(address.uri);
      }
    }
  }
  return uris;
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
    ReadBinding(response, question, &reply);
    reply.service_routes = UrisOf(response, response.Find(sip::HeaderId::kServiceRoute));
    reply.associated_uris = UrisOf(response, response.Find("P-Associated-URI"));
    reply.paths = UrisOf(response, response.Find(sip::HeaderId::kPath));
    reply.is_outbound = sip::HeaderContains(response, sip::HeaderId::kRequire, "outbound");
    ReadSeconds(response.FirstValue(sip::HeaderId::kFlowTimer), &reply.flow_timer);
  } else if (status_code == 401 || status_code == 407) {
    reply.kind = Kind::kChallenged;
  } else if (status_code == 423) {
    // Without the least, or with one that we asked for, there is nothing to learn from it.
    const bool tells =
        ReadSeconds(response.FirstValue(sip::HeaderId::kMinExpires), &reply.lifetime) &&
        reply.lifetime > question.requested_lifetime;
    reply.kind = tells ? Kind::kTooBrief : Kind::kTryLater;
  } else if (status_code == 439) {
    reply.kind = Kind::kNoOutbound;
  } else if (IsForGood(status_code)) {
    reply.kind = Kind::kRefused;
  } else {
    ReadSeconds(response.FirstValue(sip::HeaderId::kRetryAfter), &reply.retry_after);
  }
  return reply;
}

}  // namespace sipcm::registration
