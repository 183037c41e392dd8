#include "server/messaging/conversion/sip_conversion.h"

#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "core/base/error.h"
#include "core/sip/characters.h"
#include "core/sip/header_id.h"
#include "server/messaging/conversion/utf8_text.h"

namespace sipcm::server {
namespace {

void FillHeader(const sip::MessageView& message, const sip::HeaderField& field,
                v1::SipHeader* out) {
  const absl::string_view name = message.name(field);
  const bool compact = name.size() == 1 && field.id != sip::HeaderId::kUnknown;
  const absl::string_view full = compact ? sip::HeaderName(field.id) : name;
  out->mutable_name()->assign(full.data(), full.size());
  if (!field.is_folded) {
    AssignUtf8(message.value(field), out->mutable_value());
    return;
  }
  std::string storage;
  AssignUtf8(sip::Unfold(message.value(field), &storage), out->mutable_value());
}

template <typename SipMessage>
void FillContent(const sip::MessageView& message, View view, SipMessage* out) {
  if (view == View::kRaw) {
    out->mutable_raw()->assign(message.bytes().data(), message.bytes().size());
    return;
  }
  for (const sip::HeaderField& field : message.headers()) {
    FillHeader(message, field, out->add_headers());
  }
  out->mutable_body()->assign(message.body().data(), message.body().size());
}

bool HasStartLine(const v1::SipRequest& message) {
  return !message.method().empty() || !message.request_uri().empty();
}

bool HasStartLine(const v1::SipResponse& message) {
  return message.status_code() != 0 || !message.reason_phrase().empty();
}

template <typename SipMessage>
absl::Status Take(SipMessage* message, engine::MessageParts* out) {
  if (!message->raw().empty()) {
    if (HasStartLine(*message) || message->headers_size() > 0 || !message->body().empty()) {
      return WithField(MakeError(absl::StatusCode::kInvalidArgument, "CONFLICTING_FIELDS",
                                 "raw: is given together with parts of the message; give either"),
                       "raw");
    }
    out->raw = std::move(*message->mutable_raw());
    return absl::OkStatus();
  }
  out->headers.reserve(message->headers_size());
  for (v1::SipHeader& header : *message->mutable_headers()) {
    out->headers.emplace_back(std::move(*header.mutable_name()),
                              std::move(*header.mutable_value()));
  }
  out->body = std::move(*message->mutable_body());
  return absl::OkStatus();
}

}  // namespace

void FillSipRequest(const sip::MessageView& message, View view, v1::SipRequest* out) {
  AssignUtf8(message.method(), out->mutable_method());
  AssignUtf8(message.request_uri(), out->mutable_request_uri());
  FillContent(message, view, out);
}

void FillSipResponse(const sip::MessageView& message, View view, v1::SipResponse* out) {
  out->set_status_code(message.status_code());
  AssignUtf8(message.reason_phrase(), out->mutable_reason_phrase());
  FillContent(message, view, out);
}

absl::Status TakeParts(v1::SipRequest* message, engine::MessageParts* out) {
  return Take(message, out);
}

absl::Status TakeParts(v1::SipResponse* message, engine::MessageParts* out) {
  return Take(message, out);
}

absl::Status WithMessagePath(absl::Status status, absl::string_view path) {
  const std::string field = FieldOf(status);
  const absl::string_view first = absl::string_view(field).substr(0, field.find_first_of(".["));
  for (absl::string_view part :
       {"method", "request_uri", "status_code", "reason_phrase", "headers", "body", "raw"}) {
    if (first == part) return WithFieldPrefix(std::move(status), path);
  }
  return status;
}

}  // namespace sipcm::server
