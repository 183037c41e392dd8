#include "core/dispatch/request_judgement.h"

#include <utility>

#include "absl/strings/match.h"
#include "core/sip/option_tag.h"

namespace sipcm::dispatch {
namespace {

bool HasKnownScheme(absl::string_view uri) {
  const absl::string_view scheme = uri.substr(0, uri.find(':'));
  return absl::EqualsIgnoreCase(scheme, "sip") || absl::EqualsIgnoreCase(scheme, "sips") ||
         absl::EqualsIgnoreCase(scheme, "tel");
}

}  // namespace

absl::optional<RequestRefusal> JudgeRequest(const sip::MessageView& request) {
  if (request.method_id() == sip::Method::kAck || request.method_id() == sip::Method::kCancel) {
    return absl::nullopt;
  }
  if (!HasKnownScheme(request.request_uri())) return RequestRefusal();
  if (request.Find(sip::HeaderId::kRequire) == nullptr) return absl::nullopt;
  std::string unsupported = sip::UnknownRequirements(request);
  if (unsupported.empty()) return absl::nullopt;
  return RequestRefusal{Situation::kBadExtension, std::move(unsupported)};
}

}  // namespace sipcm::dispatch
