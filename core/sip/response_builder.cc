#include "core/sip/response_builder.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/sip/characters.h"
#include "core/sip/parameters.h"
#include "core/sip/status_code.h"

namespace sipcm::sip {

ResponseBuilder& ResponseBuilder::Status(int status_code, absl::string_view reason_phrase) {
  status_code_ = status_code;
  reason_phrase_ = reason_phrase;
  return *this;
}

ResponseBuilder& ResponseBuilder::From(const ReceivedFrom& source) {
  source_ = source;
  return *this;
}

ResponseBuilder& ResponseBuilder::ToTag(absl::string_view tag) {
  to_tag_ = tag;
  return *this;
}

ResponseBuilder& ResponseBuilder::Headers(absl::Span<const HeaderText> headers) {
  headers_ = headers;
  return *this;
}

ResponseBuilder& ResponseBuilder::Body(absl::string_view body) {
  body_ = body;
  return *this;
}

bool ResponseBuilder::NeedsToTag() const { return status_code_ > 100 && request_.to_tag().empty(); }

absl::Status ResponseBuilder::Check(HeaderSet* given) const {
  if (request_.method_id() == Method::kAck) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "ACK_NOT_ANSWERED",
                     "an ACK is never answered (RFC 3261 17)");
  }
  if (!IsStatusCode(status_code_)) {
    return InvalidField("status_code",
                        absl::StrCat("status code ", status_code_, " is not in 100-699"));
  }
  SIPCM_RETURN_IF_ERROR(CheckText(reason_phrase_, "reason_phrase"));
  SIPCM_RETURN_IF_ERROR(CheckHeaders(headers_, body_.size(), given));
  if (NeedsToTag() && !given->test(static_cast<size_t>(HeaderId::kTo)) && !IsToken(to_tag_)) {
    return InvalidField("to_tag", absl::StrCat("\"", to_tag_, "\" is not a token, and the ",
                                               "request's To has no tag"));
  }
  return absl::OkStatus();
}

absl::Status ResponseBuilder::AppendTo(std::string* out) const {
  HeaderSet given;
  SIPCM_RETURN_IF_ERROR(Check(&given));
  const auto is_missing = [&given](HeaderId id) { return !given.test(static_cast<size_t>(id)); };
  const absl::string_view phrase =
      reason_phrase_.empty() ? ReasonPhrase(status_code_) : reason_phrase_;
  absl::StrAppend(out, "SIP/2.0 ", status_code_, " ", phrase, "\r\n");
  if (is_missing(HeaderId::kVia)) AppendVias(out);
  const bool may_start_dialog =
      status_code_ > 100 && status_code_ < 300 && MayStartDialog(request_.method_id());
  if (may_start_dialog && is_missing(HeaderId::kRecordRoute)) {
    AppendRows(HeaderId::kRecordRoute, out);
  }
  if (is_missing(HeaderId::kFrom)) AppendFirstRow(HeaderId::kFrom, out);
  if (is_missing(HeaderId::kTo)) AppendToRow(out);
  if (is_missing(HeaderId::kCallId)) AppendFirstRow(HeaderId::kCallId, out);
  if (is_missing(HeaderId::kCseq)) AppendFirstRow(HeaderId::kCseq, out);
  if (status_code_ == 100 && is_missing(HeaderId::kTimestamp)) {
    AppendFirstRow(HeaderId::kTimestamp, out);
  }
  for (const HeaderText& header : headers_) AppendHeader(header.name, header.value, out);
  if (is_missing(HeaderId::kContentLength)) AppendHeader("Content-Length", body_.size(), out);
  absl::StrAppend(out, "\r\n", body_);
  return absl::OkStatus();
}

void ResponseBuilder::AppendVias(std::string* out) const {
  const HeaderField* field = request_.Find(HeaderId::kVia);
  if (field == nullptr) return;
  AppendTopVia(*field, out);
  while ((field = request_.FindNext(*field)) != nullptr) {
    absl::StrAppend(out, request_.line(*field));
  }
}

// The row of the top Via; what the peer wrote for received and rport gives way to what we saw.
void ResponseBuilder::AppendTopVia(const HeaderField& field, std::string* out) const {
  const Via via = request_.top_via();
  const bool is_known = !source_.host.empty();
  const bool is_as_sent =
      !via.has_rport && via.received.empty() && absl::EqualsIgnoreCase(via.host, source_.host);
  if (!is_known || is_as_sent) {
    absl::StrAppend(out, request_.line(field));
    return;
  }
  const absl::string_view value = request_.value(field);
  const size_t element_size = via.element.size();
  absl::StrAppend(out, "Via: ", via.element.substr(0, element_size - via.parameters.size()));
  ParameterIterator parameters(via.parameters);
  for (Parameter parameter; parameters.Next(&parameter);) {
    if (absl::EqualsIgnoreCase(parameter.name, "received")) continue;
    if (absl::EqualsIgnoreCase(parameter.name, "rport")) continue;
    absl::StrAppend(out, parameter.text);
  }
  absl::StrAppend(out, ";received=", source_.host);
  if (via.has_rport) absl::StrAppend(out, ";rport=", source_.port);
  absl::StrAppend(out, value.substr(element_size), "\r\n");
}

void ResponseBuilder::AppendToRow(std::string* out) const {
  const HeaderField* field = request_.Find(HeaderId::kTo);
  if (field == nullptr) return;
  if (!NeedsToTag()) {
    absl::StrAppend(out, request_.line(*field));
    return;
  }
  absl::StrAppend(out, "To: ", request_.value(*field), ";tag=", to_tag_, "\r\n");
}

void ResponseBuilder::AppendRows(HeaderId id, std::string* out) const {
  const HeaderField* field = request_.Find(id);
  for (; field != nullptr; field = request_.FindNext(*field)) {
    absl::StrAppend(out, request_.line(*field));
  }
}

void ResponseBuilder::AppendFirstRow(HeaderId id, std::string* out) const {
  const HeaderField* field = request_.Find(id);
  if (field != nullptr) absl::StrAppend(out, request_.line(*field));
}

}  // namespace sipcm::sip
