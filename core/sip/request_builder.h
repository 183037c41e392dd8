#ifndef SIPCM_CORE_SIP_REQUEST_BUILDER_H_
#define SIPCM_CORE_SIP_REQUEST_BUILDER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/sip/header_text.h"

namespace sipcm::sip {

// Whether CheckRequest() took the application's part of a request before; then it is not judged
// again when it is written. What is filled in later is the caller's own.
enum class Judged : uint8_t { kNo, kYes };

// A request to be written: what the application said, and what is filled in when it did not.
// Views: all must live until AppendRequest() returns.
struct RequestParts {
  absl::string_view method;       // a token
  absl::string_view request_uri;  // see ParseUri; without ?headers
  absl::Span<const HeaderText> headers;
  absl::string_view body;

  // Always written, as the first Via; Vias among `headers` stay below it (a forwarded request).
  absl::string_view transport;       // "TCP", "TLS"
  absl::string_view sent_by;         // "host" or "host:port", an IPv6 host in brackets
  absl::string_view branch;          // with the z9hG4bK cookie
  absl::string_view via_parameters;  // e.g. ";rport;alias" (RFC 3581, RFC 5923), or empty

  // Written only when the headers have none. From and To must be among the headers.
  uint8_t max_forwards = 70;
  uint32_t cseq = 1;
  absl::string_view call_id;
  absl::string_view from_tag;  // added to a From without tag

  Judged judged = Judged::kNo;
};

// Judges it without writing: what AppendRequest() would refuse, and what our own parser would
// refuse in what that writes. Errors as there.
absl::Status CheckRequest(const RequestParts& parts);

// Appends the whole request, or nothing: INVALID_ARGUMENT (INVALID_SIP_MESSAGE; INVALID_SIP_URI of
// "request_uri") with the field it names ("method", "headers[1].value", "headers"). A given CSeq
// must have the request's method.
absl::Status AppendRequest(const RequestParts& parts, std::string* out);

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_REQUEST_BUILDER_H_
