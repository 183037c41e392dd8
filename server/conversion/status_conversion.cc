#include "server/conversion/status_conversion.h"

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/error.h"

namespace sipcm::server {
namespace {

using sipcm::v1::ErrorDetail;

constexpr size_t kMaxMessageBytes = 2000;

// Core says some things more finely than the API promises to.
struct Synonym {
  absl::string_view core;
  ErrorDetail::Reason api;
};
constexpr Synonym kSynonyms[] = {
    {"CLIENT_MANAGER_NEVER_LISTENS", ErrorDetail::CLIENT_DOES_NOT_LISTEN},
    {"NO_LISTEN_ADDRESS", ErrorDetail::LISTEN_ADDRESSES_MISSING},
    {"MANAGER_LISTENING", ErrorDetail::ALREADY_LISTENING},
    {"NO_CERTIFICATE", ErrorDetail::CERTIFICATE_MALFORMED},
    {"NO_PRIVATE_KEY", ErrorDetail::PRIVATE_KEY_MISSING},
    {"MALFORMED_PEM", ErrorDetail::CERTIFICATE_MALFORMED},
    {"MALFORMED_CERTIFICATE", ErrorDetail::CERTIFICATE_MALFORMED},
    {"NOT_AN_AUTHORITY", ErrorDetail::CERTIFICATE_MALFORMED},
    {"WEAK_KEY", ErrorDetail::CERTIFICATE_MALFORMED},
    {"ENCRYPTED_KEY", ErrorDetail::PRIVATE_KEY_ENCRYPTED},
    {"NO_CRL", ErrorDetail::CRL_MALFORMED},
    {"PEER_CHAIN_UNTRUSTED", ErrorDetail::PEER_NOT_TRUSTED},
    {"PEER_CHAIN_TOO_LONG", ErrorDetail::PEER_NOT_TRUSTED},
    {"PEER_CERTIFICATE_MISSING", ErrorDetail::PEER_NOT_TRUSTED},
    {"PEER_CERTIFICATE_MALFORMED", ErrorDetail::PEER_NOT_TRUSTED},
    {"PEER_CERTIFICATE_NOT_YET_VALID", ErrorDetail::PEER_NOT_TRUSTED},
    {"PEER_REVOCATION_UNKNOWN", ErrorDetail::PEER_NOT_TRUSTED},
    {"NO_ALLOWED_DOMAINS", ErrorDetail::PEER_NOT_ALLOWED},
    {"REQUEST_TIMEOUT", ErrorDetail::RESPONSE_TIMEOUT},
    {"CONNECTION_GONE", ErrorDetail::ANSWER_NOT_POSSIBLE},
    {"POOL_DRAINED", ErrorDetail::CONNECTION_CLOSED},
};

bool IsValidUtf8(absl::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const unsigned char lead = text[i];
    const size_t length = lead < 0x80             ? 1
                          : (lead & 0xe0) == 0xc0 ? 2
                          : (lead & 0xf0) == 0xe0 ? 3
                          : (lead & 0xf8) == 0xf0 ? 4
                                                  : 0;
    if (length == 0 || i + length > text.size()) return false;
    for (size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
    }
    i += length;
  }
  return true;
}

std::string WireText(absl::string_view text) {
  if (text.size() > kMaxMessageBytes) {
    return absl::StrCat(WireText(text.substr(0, kMaxMessageBytes - 20)), " ... (cut)");
  }
  return IsValidUtf8(text) ? std::string(text) : absl::CHexEscape(text);
}

}  // namespace

ErrorDetail ToErrorDetail(const absl::Status& status) {
  ErrorDetail detail;
  const std::string reason = ReasonOf(status);
  const std::string field = FieldOf(status);
  ErrorDetail::Reason number = ErrorDetail::REASON_UNSPECIFIED;
  if (!reason.empty() && !ErrorDetail::Reason_Parse(reason, &number)) {
    (*detail.mutable_metadata())["reason"] = WireText(reason);
    for (const Synonym& synonym : kSynonyms) {
      if (synonym.core == reason) number = synonym.api;
    }
    if (reason == "MALFORMED_PEM" && absl::EndsWith(field, "private_key_pem")) {
      number = ErrorDetail::PRIVATE_KEY_MALFORMED;
    } else if (reason == "MALFORMED_PEM" && absl::EndsWith(field, "crls_pem")) {
      number = ErrorDetail::CRL_MALFORMED;
    }
  } else if (reason.empty() && status.code() == absl::StatusCode::kInternal) {
    number = ErrorDetail::INTERNAL_FAULT;
  }
  detail.set_reason(number);
  detail.set_field(WireText(field));
  return detail;
}

sipcm::v1::RpcStatus ToRpcStatus(const absl::Status& status) {
  sipcm::v1::RpcStatus rpc;
  rpc.set_code(status.raw_code());
  if (status.ok()) return rpc;
  rpc.set_message(WireText(status.message()));
  rpc.add_details()->PackFrom(ToErrorDetail(status));
  return rpc;
}

absl::Status NotInThisVersion(absl::string_view method, absl::string_view later) {
  return MakeError(absl::StatusCode::kUnimplemented, "NOT_IN_THIS_VERSION",
                   absl::StrCat(method, " is not in this version; it comes with ", later));
}

}  // namespace sipcm::server
