#include "core/sip/header_text.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/sip/call_id.h"
#include "core/sip/characters.h"
#include "core/sip/cseq.h"
#include "core/sip/name_address.h"
#include "core/sip/parameters.h"
#include "core/sip/via.h"

namespace sipcm::sip {
namespace {

bool BreaksLine(absl::string_view text) {
  for (char c : text) {
    if (c == '\r' || c == '\n' || c == '\0') return true;
  }
  return false;
}

// What is wrong with the value of a header by which messages are routed and matched: our own
// parser would refuse it, and so would the peer's. Empty: nothing.
absl::string_view FaultOf(HeaderId id, absl::string_view value, size_t body_size) {
  uint64_t number = 0;
  switch (id) {
    case HeaderId::kVia: {
      ListIterator elements(value);
      bool has_any = false;
      for (absl::string_view element; elements.Next(&element); has_any = true) {
        Via via;
        const absl::string_view fault = ParseVia(element, &via);
        if (!fault.empty()) return fault;
      }
      return has_any ? absl::string_view() : "empty";
    }
    case HeaderId::kFrom:
    case HeaderId::kTo: {
      NameAddress address;
      return ParseNameAddress(value, &address);
    }
    case HeaderId::kCallId:
      return IsCallId(value) ? "" : "empty, or with spaces";
    case HeaderId::kCseq: {
      Cseq cseq;
      return ParseCseq(value, &cseq) == CseqForm::kValid ? "" : "not \"number method\"";
    }
    case HeaderId::kMaxForwards:
      return ParseNumber(value, 255, &number) ? "" : "not 0-255";
    case HeaderId::kContentLength:
      if (ParseNumber(value, UINT32_MAX, &number) && number == body_size) return {};
      return "not the size of the body; leave it out and it is filled in";
    default:
      return {};
  }
}

absl::Status InvalidHeader(size_t index, absl::string_view part, const HeaderText& header,
                           absl::string_view what) {
  return InvalidArgument("INVALID_SIP_MESSAGE", absl::StrCat("headers[", index, "].", part),
                         absl::StrCat("header \"", header.name, "\": ", what));
}

}  // namespace

absl::Status CheckText(absl::string_view text, absl::string_view field) {
  if (!BreaksLine(text)) return absl::OkStatus();
  return InvalidArgument("INVALID_SIP_MESSAGE", field,
                         absl::StrCat("\"", field, "\" has CR, LF or NUL in it; remove them"));
}

absl::Status CheckHeaders(absl::Span<const HeaderText> headers, size_t body_size,
                          HeaderSet* given) {
  given->reset();
  for (size_t i = 0; i < headers.size(); ++i) {
    const HeaderText& header = headers[i];
    if (!IsToken(header.name)) {
      return InvalidArgument("INVALID_SIP_MESSAGE", absl::StrCat("headers[", i, "].name"),
                             "a header name must be a token: letters, digits and -.!%*_+`'~");
    }
    if (BreaksLine(header.value)) {
      return InvalidHeader(i, "value", header, "the value has CR, LF or NUL in it; remove them");
    }
    const HeaderId id = LookupHeader(header.name);
    if (id == HeaderId::kUnknown) continue;
    if (given->test(static_cast<size_t>(id)) && HeaderOccurrence(id) == Occurrence::kSingle) {
      return InvalidHeader(i, "name", header, "it may stand in a message only once");
    }
    given->set(static_cast<size_t>(id));
    const absl::string_view fault = FaultOf(id, Trim(header.value), body_size);
    if (!fault.empty()) return InvalidHeader(i, "value", header, fault);
  }
  if (body_size > 0 && !given->test(static_cast<size_t>(HeaderId::kContentType))) {
    return InvalidArgument("INVALID_SIP_MESSAGE", "headers",
                           "a body needs a Content-Type header (RFC 3261 20.15)");
  }
  return absl::OkStatus();
}

void AppendHeader(absl::string_view name, absl::string_view value, std::string* out) {
  absl::StrAppend(out, name, ": ", value, "\r\n");
}

void AppendHeader(absl::string_view name, uint64_t value, std::string* out) {
  absl::StrAppend(out, name, ": ", value, "\r\n");
}

}  // namespace sipcm::sip
