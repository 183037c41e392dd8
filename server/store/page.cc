#include "server/store/page.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"
#include "server/store/fingerprint.h"
#include "server/validation/refusal.h"

namespace sipcm::server {

absl::StatusOr<Page> Page::Begin(absl::string_view collection, absl::string_view parent,
                                 int page_size, absl::string_view page_token,
                                 absl::string_view filter,
                                 const google::protobuf::Descriptor* descriptor) {
  if (page_size < 0) {
    return BadField("FIELD_OUT_OF_RANGE", "page_size",
                    absl::StrCat(page_size, " is negative; give 0 (the default, ", kDefaultSize,
                                 ") to ", kMaxSize));
  }
  SIPCM_ASSIGN_OR_RETURN(Filter parsed, Filter::Parse(filter, descriptor));
  // The unit separator cannot be confused with text: no field of the three has it unescaped.
  std::string origin = Fingerprint(absl::StrCat(collection, "\x1f", parent, "\x1f", filter));
  std::string after;
  if (!page_token.empty()) {
    std::string token;
    absl::string_view rest;
    const bool decoded = absl::WebSafeBase64Unescape(page_token, &token);
    rest = token;
    if (!decoded || !absl::ConsumePrefix(&rest, absl::StrCat(origin, ":")) || rest.empty()) {
      return BadField("INVALID_PAGE_TOKEN", "page_token",
                      "is not a token that this list gave for the same parent and filter; start "
                      "again without one");
    }
    after = std::string(rest);
  }
  const int size = page_size == 0 ? kDefaultSize : std::min(page_size, kMaxSize);
  return Page(std::move(parsed), size, std::move(after), std::move(origin));
}

Page::Verdict Page::Offer(absl::string_view key, const google::protobuf::Message& item) {
  if (!filter_.Matches(item)) return Verdict::kFilteredOut;
  if (taken_ == size_) {
    more_ = true;
    return Verdict::kFull;
  }
  ++taken_;
  last_key_ = std::string(key);
  return Verdict::kTaken;
}

std::string Page::next_page_token() const {
  if (!more_) return "";
  return absl::WebSafeBase64Escape(absl::StrCat(origin_, ":", last_key_));
}

}  // namespace sipcm::server
