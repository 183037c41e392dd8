#ifndef SIPCM_CORE_SIP_RESPONSE_BUILDER_H_
#define SIPCM_CORE_SIP_RESPONSE_BUILDER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/sip/header_text.h"
#include "core/sip/message_view.h"

namespace sipcm::sip {

// Where a request came from, for the top Via (RFC 3261 18.2.1, RFC 3581 4).
struct ReceivedFrom {
  absl::string_view host;  // the literal address, IPv6 without brackets
  uint16_t port = 0;
};

// Writes the response to a request (RFC 3261 8.2.6): status line, every Via verbatim, From, To,
// Call-ID, CSeq, the given headers in their order, Content-Length, body.
//
// Filled in unless the given headers have them: Via (the top one gets received and rport when
// from() was told), From, To (with the to tag when the request has none and the status is above
// 100), Call-ID, CSeq, Record-Route (101-299 to a method that may start a dialog), Timestamp (100),
// Content-Length. One use after another is fine: every setter replaces. Holds views: all that was
// given must live until AppendTo() returns.
class ResponseBuilder {
 public:
  // `request` must be answerable (ParseVerdict).
  explicit ResponseBuilder(const MessageView& request) : request_(request) {}

  // 100-699. An empty phrase means the registered one.
  ResponseBuilder& Status(int status_code, absl::string_view reason_phrase = {});
  ResponseBuilder& From(const ReceivedFrom& source);
  // A token; used as said above. Required when the status is above 100 and the To has no tag.
  ResponseBuilder& ToTag(absl::string_view tag);
  ResponseBuilder& Headers(absl::Span<const HeaderText> headers);
  ResponseBuilder& Body(absl::string_view body);

  // Appends the whole response, or nothing: INVALID_ARGUMENT (INVALID_SIP_MESSAGE, INVALID_FIELD)
  // with the field it names ("headers[2].value", "status_code", "to_tag"), FAILED_PRECONDITION
  // (ACK_NOT_ANSWERED) for an ACK.
  // `*out` must not hold the request's or the given bytes.
  absl::Status AppendTo(std::string* out) const;

 private:
  bool NeedsToTag() const;
  absl::Status Check(HeaderSet* given) const;
  void AppendVias(std::string* out) const;
  void AppendTopVia(const HeaderField& field, std::string* out) const;
  void AppendToRow(std::string* out) const;
  void AppendRows(HeaderId id, std::string* out) const;
  void AppendFirstRow(HeaderId id, std::string* out) const;

  const MessageView& request_;
  int status_code_ = 0;
  absl::string_view reason_phrase_;
  ReceivedFrom source_;
  absl::string_view to_tag_;
  absl::Span<const HeaderText> headers_;
  absl::string_view body_;
};

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_RESPONSE_BUILDER_H_
