#include "core/engine/requests/response_composer.h"

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/dialog/exchange.h"
#include "core/sip/raw_message.h"

namespace sipcm::engine {

std::string ResponseComposer::MakeTag() {
  return absl::StrCat(absl::Hex(random_->Next() >> 4, absl::kZeroPad15));
}

namespace {

absl::Status CheckStatus(const sip::MessageView& request, int status_code) {
  if (request.method_id() == sip::Method::kInvite) return absl::OkStatus();
  if (status_code == 408) {
    return InvalidField("status_code",
                        absl::StrCat("408 is never sent to ", request.method(),
                                     ": it comes too late to be of use (RFC 4320 4.2); send "
                                     "another status, or nothing"));
  }
  if (status_code > 100 && status_code < 200) {
    return InvalidField("status_code",
                        absl::StrCat(status_code, " is for INVITE; to ", request.method(),
                                     " no provisional answer but 100 is sent (RFC 4320 4.1)"));
  }
  return absl::OkStatus();
}

// What the request brings with it (its Vias, say) has passed the limits already and does not count.
absl::Status CheckSize(const MessageParts& message, const sip::FramerLimits& limits) {
  const auto too_large = [](absl::string_view field, absl::string_view what, size_t size,
                            absl::string_view limit, uint32_t most) {
    return InvalidArgument("MESSAGE_TOO_LARGE", field,
                           absl::StrCat(size, " ", what, " pass the connection manager's limits.",
                                        limit, " (", most, "); send less, or raise the limit"));
  };
  if (message.body.size() > limits.max_body_bytes) {
    return too_large("body", "bytes", message.body.size(), "max_body_bytes", limits.max_body_bytes);
  }
  if (message.headers.size() > limits.max_header_count) {
    return too_large("headers", "headers", message.headers.size(), "max_header_count",
                     limits.max_header_count);
  }
  size_t header_bytes = 0;
  for (const auto& [name, value] : message.headers) {
    header_bytes += name.size() + value.size() + 4;  // ": " and CRLF
  }
  if (header_bytes <= limits.max_header_bytes) return absl::OkStatus();
  return too_large("headers", "bytes", header_bytes, "max_header_bytes", limits.max_header_bytes);
}

}  // namespace

absl::Status ResponseComposer::Append(const ResponseOrder& order, dispatch::OpenRequest& request,
                                      const sip::ReceivedFrom& source, absl::string_view contact,
                                      const sip::FramerLimits& limits, std::string* out,
                                      int* status_code) {
  const sip::MessageView& view = request.record->view;
  if (!order.message.raw.empty()) {
    SIPCM_RETURN_IF_ERROR(WithFieldPrefix(
        sip::CheckRawResponse(order.message.raw, limits, view, &raw_response_), "response"));
    *status_code = raw_response_.status_code();
    SIPCM_RETURN_IF_ERROR(WithField(CheckStatus(view, *status_code), "response.raw"));
    out->append(order.message.raw);
    return absl::OkStatus();
  }
  *status_code = order.status_code;
  SIPCM_RETURN_IF_ERROR(WithFieldPrefix(CheckStatus(view, order.status_code), "response"));
  SIPCM_RETURN_IF_ERROR(WithFieldPrefix(CheckSize(order.message, limits), "response"));
  if (request.to_tag.empty() && order.status_code > 100) request.to_tag = MakeTag();
  absl::InlinedVector<sip::HeaderText, 16> headers;
  bool has_contact = false;
  for (const auto& [name, value] : order.message.headers) {
    headers.push_back({name, value});
    has_contact |= sip::LookupHeader(name) == sip::HeaderId::kContact;
  }
  // A dialog needs a way back (RFC 3261 12.1.1).
  if (!has_contact && !contact.empty() && order.status_code > 100 && order.status_code < 300 &&
      dialog::RefreshesTarget(view.method_id())) {
    headers.push_back({"Contact", contact});
  }
  return WithFieldPrefix(sip::ResponseBuilder(view)
                             .Status(order.status_code, order.reason_phrase)
                             .From(source)
                             .ToTag(request.to_tag)
                             .Headers(headers)
                             .Body(order.message.body)
                             .AppendTo(out),
                         "response");
}

}  // namespace sipcm::engine
