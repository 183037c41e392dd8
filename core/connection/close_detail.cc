#include "core/connection/close_detail.h"

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/error.h"

namespace sipcm::connection {
namespace {

std::string Words(const ConnectionName& name) {
  return absl::StrCat(
      name.direction == Direction::kIncoming ? "connection from " : "connection to ",
      name.remote_address.ToString());
}

absl::Status Lost(absl::string_view message) {
  return MakeError(absl::StatusCode::kUnavailable, "CONNECTION_LOST", message);
}

absl::Status Closed(absl::string_view message) {
  return MakeError(absl::StatusCode::kUnavailable, "CONNECTION_CLOSED", message);
}

}  // namespace

CloseReason ReasonOfTimer(TimerKind kind) {
  switch (kind) {
    case TimerKind::kHandshake:
      return CloseReason::kHandshakeTimeout;
    case TimerKind::kFirstMessage:
      return CloseReason::kFirstMessageTimeout;
    case TimerKind::kPartialMessage:
      return CloseReason::kPartialMessageTimeout;
    case TimerKind::kWriteStall:
      return CloseReason::kWriteStalled;
    case TimerKind::kPong:
      return CloseReason::kPongTimeout;
    case TimerKind::kIdle:
    case TimerKind::kNone:
    case TimerKind::kResume:
    case TimerKind::kPing:
    case TimerKind::kForcedClose:
      return CloseReason::kIdle;
  }
  return CloseReason::kIdle;
}

CloseReason ReasonOfFailedHandshake(const absl::Status& error) {
  return absl::IsFailedPrecondition(error) ? CloseReason::kNotAllowed
                                           : CloseReason::kHandshakeFailed;
}

CloseReason ReasonOfBrokenStream(const absl::Status& error) {
  const std::string reason = ReasonOf(error);
  if (reason == "RESET") return CloseReason::kReset;
  if (reason == "TRUNCATED") return CloseReason::kTruncated;
  // How a TLS 1.3 server tells that it refuses our certificate, after the handshake.
  if (reason == "PEER_REFUSED_US" || reason == "PEER_ALERT") return CloseReason::kHandshakeFailed;
  if (reason == "TLS_PROTOCOL_ERROR") return CloseReason::kProtocolError;
  return CloseReason::kIoFailed;
}

CloseReason ReasonOfFrameError(sip::FrameErrorReason reason) {
  switch (reason) {
    case sip::FrameErrorReason::kHeaderTooLarge:
    case sip::FrameErrorReason::kTooManyHeaders:
    case sip::FrameErrorReason::kBodyTooLarge:
      return CloseReason::kLimit;
    default:
      return CloseReason::kProtocolError;
  }
}

absl::Status TimerDetail(const ConnectionName& name, TimerKind kind,
                         const ConnectionSettings& settings, absl::Duration idle_timeout) {
  const auto within = [](absl::Duration limit) {
    return absl::StrCat(" within ", absl::FormatDuration(limit));
  };
  switch (kind) {
    case TimerKind::kHandshake:
      return MakeError(
          absl::StatusCode::kUnavailable, "HANDSHAKE_TIMEOUT",
          absl::StrCat(Words(name), ": the TLS handshake was not finished",
                       within(settings.handshake_timeout),
                       "; check that the peer speaks TLS there, or raise handshake_timeout"));
    case TimerKind::kFirstMessage:
      return Closed(absl::StrCat(Words(name), ": no valid SIP message came",
                                 within(settings.first_message_timeout)));
    case TimerKind::kPartialMessage:
      return Lost(absl::StrCat(Words(name), ": a message was begun and not finished",
                               within(settings.partial_message_timeout)));
    case TimerKind::kWriteStall:
      return Lost(absl::StrCat(Words(name), ": the peer read nothing of what waits for it",
                               within(settings.write_stall_timeout)));
    case TimerKind::kPong:
      return Lost(absl::StrCat(Words(name), ": no answer to a keep-alive ping",
                               within(settings.pong_timeout),
                               "; the peer is gone or a firewall forgot the connection"));
    default:
      return Closed(absl::StrCat(Words(name), ": no SIP message either way", within(idle_timeout)));
  }
}

absl::Status EndDetail(const ConnectionName& name, CloseReason reason) {
  if (reason == CloseReason::kTruncated) {
    return Lost(absl::StrCat(Words(name), " was ended by the peer inside a message"));
  }
  return Lost(absl::StrCat(Words(name), " was closed by the peer"));
}

absl::Status FramingDetail(const ConnectionName& name, const sip::FrameError& error) {
  return Lost(absl::StrCat(Words(name), " closed: ", error.text,
                           error.field.empty() ? "" : absl::StrCat(" (", error.field, ")")));
}

absl::Status MalformedDetail(const ConnectionName& name, const sip::ParseVerdict& verdict) {
  return Lost(absl::StrCat(
      Words(name), " closed: ", verdict.reason,
      verdict.field.empty() ? "" : absl::StrCat(" (", absl::CHexEscape(verdict.field), ")")));
}

absl::Status WriteQueueDetail(const ConnectionName& name, size_t limit) {
  return MakeError(absl::StatusCode::kResourceExhausted, "WRITE_QUEUE_FULL",
                   absl::StrCat(Words(name), " closed: the peer reads too slowly, more than ",
                                limit, " bytes (max_write_queue_bytes) wait for it"));
}

}  // namespace sipcm::connection
