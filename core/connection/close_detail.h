#ifndef SIPCM_CORE_CONNECTION_CLOSE_DETAIL_H_
#define SIPCM_CORE_CONNECTION_CLOSE_DETAIL_H_

#include <cstddef>

#include "absl/status/status.h"
#include "core/connection/close_reason.h"
#include "core/connection/connection_settings.h"
#include "core/connection/timers/connection_timers.h"
#include "core/net/address.h"
#include "core/sip/framer.h"
#include "core/sip/parser.h"

namespace sipcm::connection {

// Which reason a fault gives, and the words for it. Pure. A request that was outstanding fails with
// the detail: UNAVAILABLE, or RESOURCE_EXHAUSTED for a limit of ours.

// Only for timers that close of themselves.
CloseReason ReasonOfTimer(TimerKind kind);
// Before the stream was ready: our verdict on the peer's certificate is FAILED_PRECONDITION.
CloseReason ReasonOfFailedHandshake(const absl::Status& error);
// By the stream's reason: RESET, TRUNCATED, PEER_REFUSED_US, ...
CloseReason ReasonOfBrokenStream(const absl::Status& error);
CloseReason ReasonOfFrameError(sip::FrameErrorReason reason);

// The two ends of a sentence: 'connection from 192.0.2.7:5060' and what happened to it.
struct ConnectionName {
  Direction direction = Direction::kIncoming;
  const net::SocketAddress& remote_address;
};

absl::Status TimerDetail(const ConnectionName& name, TimerKind kind,
                         const ConnectionSettings& settings, absl::Duration idle_timeout);
absl::Status EndDetail(const ConnectionName& name, CloseReason reason);
absl::Status FramingDetail(const ConnectionName& name, const sip::FrameError& error);
absl::Status MalformedDetail(const ConnectionName& name, const sip::ParseVerdict& verdict);
absl::Status WriteQueueDetail(const ConnectionName& name, size_t limit);

}  // namespace sipcm::connection

#endif  // SIPCM_CORE_CONNECTION_CLOSE_DETAIL_H_
