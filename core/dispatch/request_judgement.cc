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

bool IsNeverRefused(const sip::MessageView& request) {
  return request.method_id() == sip::Method::kAck || request.method_id() == sip::Method::kCancel;
}

}  // namespace

absl::optional<RequestRefusal> JudgeRequest(const sip::MessageView& request) {
  if (IsNeverRefused(request) || HasKnownScheme(request.request_uri())) return absl::nullopt;
  return RequestRefusal();
}

absl::optional<RequestRefusal> JudgeExtensions(const sip::MessageView& request,
                                               const Endpoint* endpoint) {
  if (IsNeverRefused(request) || request.Find(sip::HeaderId::kRequire) == nullptr) {
    return absl::nullopt;
  }
  std::string unsupported = endpoint == nullptr
                                ? sip::UnknownRequirements(request)
                                : sip::UnknownRequirements(request, endpoint->supported_options);
  if (unsupported.empty()) return absl::nullopt;
  return RequestRefusal{Situation::kBadExtension, std::move(unsupported)};
}

}  // namespace sipcm::dispatch
