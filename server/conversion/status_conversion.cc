#include "server/conversion/status_conversion.h"

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/error.h"
#include "server/validation/refusal.h"

namespace sipcm::server {
namespace {

using sipcm::v1::ErrorDetail;

constexpr size_t kMaxMessageBytes = 2000;

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
  ErrorDetail::Reason number = ErrorDetail::REASON_UNSPECIFIED;
  if (reason.empty()) {
    if (status.code() == absl::StatusCode::kInternal) number = ErrorDetail::INTERNAL_FAULT;
  } else if (!ErrorDetail::Reason_Parse(reason, &number)) {
    (*detail.mutable_metadata())["reason"] = WireText(reason);
  }
  detail.set_reason(number);
  detail.set_field(WireText(FieldOf(status)));
  ForEachMetadata(status, [&](absl::string_view key, absl::string_view value) {
    (*detail.mutable_metadata())[std::string(key)] = WireText(value);
  });
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

absl::Status NotInThisVersion(absl::string_view method, absl::string_view remedy) {
  return MakeError(absl::StatusCode::kUnimplemented, "NOT_IN_THIS_VERSION",
                   absl::StrCat(method, " is not served by this version; ", remedy));
}

}  // namespace sipcm::server
