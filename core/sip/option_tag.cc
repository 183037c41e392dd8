#include "core/sip/option_tag.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/sip/header_reader.h"

namespace sipcm::sip {
namespace {

constexpr std::array<absl::string_view, 37> kRegistered = {
    "100rel",
    "199",
    "answermode",
    "early-session",
    "eventlist",
    "explicitsub",
    "from-change",
    "geolocation-http",
    "geolocation-sip",
    "gin",
    "gruu",
    "histinfo",
    "ice",
    "join",
    "multiple-refer",
    "norefersub",
    "nosub",
    "outbound",
    "path",
    "policy",
    "precondition",
    "pref",
    "privacy",
    "recipient-list-invite",
    "recipient-list-message",
    "recipient-list-subscribe",
    "record-aware",
    "refer-to-id",
    "replaces",
    "resource-priority",
    "sdp-anat",
    "sec-agree",
    "siprec",
    "tdialog",
    "timer",
    "trickle-ice",
    "uui",
};

}  // namespace

bool IsKnownOptionTag(absl::string_view tag) {
  if (absl::StartsWithIgnoreCase(tag, "ms-") || absl::StartsWithIgnoreCase(tag, "com.microsoft.")) {
    return true;
  }
  return std::any_of(kRegistered.begin(), kRegistered.end(),
                     [tag](absl::string_view known) { return absl::EqualsIgnoreCase(known, tag); });
}

std::string UnknownRequirements(const MessageView& request,
                                absl::Span<const std::string> supported) {
  std::string unknown;
  HeaderReader tags(request, HeaderId::kRequire);
  for (absl::string_view tag; tags.Next(&tag);) {
    const auto is_it = [tag](absl::string_view own) { return absl::EqualsIgnoreCase(own, tag); };
    if (tag.empty() || IsKnownOptionTag(tag) ||
        std::any_of(supported.begin(), supported.end(), is_it)) {
      continue;
    }
    absl::StrAppend(&unknown, unknown.empty() ? "" : ", ", tag);
  }
  return unknown;
}

}  // namespace sipcm::sip
