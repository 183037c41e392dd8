#ifndef SIPCM_CORE_SIP_HEADER_TEXT_H_
#define SIPCM_CORE_SIP_HEADER_TEXT_H_

#include <bitset>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/sip/header_id.h"

namespace sipcm::sip {

// A header that an application gives, to be written by a builder.
struct HeaderText {
  absl::string_view name;
  absl::string_view value;
};

// Which known headers were given.
using HeaderSet = std::bitset<kHeaderIdCount>;

// Judges given headers before a byte of them is written: names are tokens, values have no CR, LF
// or NUL (header injection), single-value headers come once, Content-Length equals body_size, and
// a body has a Content-Type. INVALID_ARGUMENT (INVALID_SIP_MESSAGE) with field "headers[i].name" or
// "headers[i].value". Fills `*given`.
absl::Status CheckHeaders(absl::Span<const HeaderText> headers, size_t body_size, HeaderSet* given);

// INVALID_ARGUMENT (INVALID_SIP_MESSAGE) for `field` when `text` holds CR, LF or NUL.
absl::Status CheckText(absl::string_view text, absl::string_view field);

// Appends "Name: value" CRLF; checked before.
void AppendHeader(absl::string_view name, absl::string_view value, std::string* out);
void AppendHeader(absl::string_view name, uint64_t value, std::string* out);

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_HEADER_TEXT_H_
