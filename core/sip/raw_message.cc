#include "core/sip/raw_message.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/sip/parser.h"

namespace sipcm::sip {
namespace {

constexpr absl::string_view kField = "raw";

absl::Status CheckRaw(absl::string_view raw, const FramerLimits& limits, MessageView* out) {
  Framer framer(limits);
  const Frame frame = framer.Next(raw);
  if (frame.kind == FrameKind::kError) return FrameFault(kField, frame.error);
  if (frame.kind != FrameKind::kMessage) {
    return InvalidArgument("INVALID_SIP_MESSAGE", kField,
                           "not a whole SIP message: the blank line or the body is missing");
  }
  if (frame.consumed != raw.size()) {
    return InvalidArgument("INVALID_SIP_MESSAGE", kField,
                           absl::StrCat("more than one message: ", raw.size() - frame.consumed,
                                        " bytes behind the body that Content-Length tells"));
  }
  const ParseVerdict verdict = Parse(raw, frame.header_length, *out);
  if (verdict.ok()) return absl::OkStatus();
  return InvalidArgument("INVALID_SIP_MESSAGE", kField,
                         absl::StrCat(verdict.field, ": ", verdict.reason));
}

absl::Status Differs(absl::string_view what) {
  return InvalidArgument(
      "INVALID_SIP_MESSAGE", kField,
      absl::StrCat("it answers another request: its ", what, " is not the request's; copy it"));
}

}  // namespace

absl::Status FrameFault(absl::string_view field, const FrameError& error) {
  const std::string text = absl::StrCat(error.field, error.field.empty() ? "" : ": ", error.text);
  switch (error.reason) {
    case FrameErrorReason::kHeaderTooLarge:
    case FrameErrorReason::kTooManyHeaders:
    case FrameErrorReason::kBodyTooLarge:
      return InvalidArgument("MESSAGE_TOO_LARGE", field,
                             absl::StrCat("passes a limit of its connection manager: ", text));
    default:
      return InvalidArgument("INVALID_SIP_MESSAGE", field,
                             absl::StrCat("not a SIP message: ", text));
  }
}

absl::Status CheckRawRequest(absl::string_view raw, const FramerLimits& limits, MessageView* out) {
  SIPCM_RETURN_IF_ERROR(CheckRaw(raw, limits, out));
  if (!out->is_request())
    return InvalidArgument("INVALID_SIP_MESSAGE", kField, "a response where a request is needed");
  return absl::OkStatus();
}

absl::Status CheckRawResponse(absl::string_view raw, const FramerLimits& limits,
                              const MessageView& request, MessageView* out) {
  SIPCM_RETURN_IF_ERROR(CheckRaw(raw, limits, out));
  if (out->is_request())
    return InvalidArgument("INVALID_SIP_MESSAGE", kField, "a request where a response is needed");
  const Via ours = out->top_via();
  const Via theirs = request.top_via();
  if (ours.branch != theirs.branch || ours.port != theirs.port ||
      !absl::EqualsIgnoreCase(ours.host, theirs.host)) {
    return Differs("top Via");
  }
  if (out->call_id() != request.call_id()) return Differs("Call-ID");
  if (out->cseq_number() != request.cseq_number() || out->cseq_method() != request.cseq_method()) {
    return Differs("CSeq");
  }
  if (out->from_tag() != request.from_tag()) return Differs("From tag");
  if (!request.to_tag().empty() && out->to_tag() != request.to_tag()) return Differs("To tag");
  if (out->status_code() > 100 && out->to_tag().empty()) {
    return InvalidArgument("INVALID_SIP_MESSAGE", kField, "To: a response above 100 needs a tag");
  }
  return absl::OkStatus();
}

}  // namespace sipcm::sip
