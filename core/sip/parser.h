#ifndef SIPCM_CORE_SIP_PARSER_H_
#define SIPCM_CORE_SIP_PARSER_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "core/sip/message_view.h"

namespace sipcm::sip {

enum class VerdictKind : uint8_t {
  kOk,   // dispatch it
  kBad,  // requests: answer status_code if answerable. Responses: drop silently. Then see `after`
};

// What the connection does once a bad message is dealt with.
enum class AfterVerdict : uint8_t {
  kKeep,   // the next message is safe to read
  kClose,  // a header row was not one, so that another reader may see other messages here; or the
           // request is bad and cannot even be answered
};

struct ParseVerdict {
  VerdictKind kind = VerdictKind::kOk;
  AfterVerdict after = AfterVerdict::kKeep;
  // The view is a request whose Via, From, To, Call-ID and CSeq can go into a response (and that is
  // no ACK). Meaningful with kOk too: the caller of a framing error answers by it.
  bool answerable = false;
  int status_code = 0;  // kBad: 400 or 505
  // kBad: the header's or start line part's name ("To", "Request-URI"). Static, or a view into the
  // message for a header that is not known by name: escape it before showing it.
  absl::string_view field;
  absl::string_view reason;  // kBad: what is wrong with it; static

  bool ok() const { return kind == VerdictKind::kOk; }
};

// Fills `out` with the message in `bytes`: header_length bytes of start line and header rows (with
// the blank line, or without it: see Frame::partial_header_length), the rest is body.
//
// Accepted is what a robust element understands without guessing (RFC 4475): any method, scheme
// and header token, folding, compact names, whitespace before colons, unknown extensions. Refused
// is what two readers could take differently: spaces or <> in the Request-URI, a repeated
// single-value header with another value, a CSeq of another method, numbers outside their range,
// unbalanced quotes, URI headers in the Request-URI. Only what routing and answering need is
// judged (start line, Via, From, To, Call-ID, CSeq, Max-Forwards, Content-Length); other headers
// are opaque here. One fault is reported: the start line's, else the first bad row's, else that of
// Via, From, To, Call-ID, CSeq, Max-Forwards, Content-Length in this order.
//
// bytes.size() < 2^32, header_length <= bytes.size(). Pure; never throws, never reads outside.
ParseVerdict Parse(absl::string_view bytes, size_t header_length, MessageView& out);

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_PARSER_H_
