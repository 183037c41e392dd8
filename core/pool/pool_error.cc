#include "core/pool/pool_error.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace sipcm::pool {
namespace {

constexpr absl::string_view kWaitQueueFull = "POOL_WAIT_QUEUE_FULL";

std::string Pool(const Destination& destination) {
  return absl::StrCat("pool \"", destination.PoolId(), "\"");
}

}  // namespace

absl::Status LineFull(const Destination& destination, int waiting_count) {
  return MakeError(
      absl::StatusCode::kResourceExhausted, kWaitQueueFull,
      absl::StrCat(Pool(destination), ": ", waiting_count,
                   " requests wait for a connection already; send more slowly, or raise "
                   "limits.max_waiting_request_count or max_connection_count"));
}

bool IsLineFull(const absl::Status& status) { return ReasonOf(status) == kWaitQueueFull; }

absl::Status WaitedTooLong(const Destination& destination, absl::Duration limit) {
  return MakeError(absl::StatusCode::kDeadlineExceeded, "POOL_WAIT_TIMEOUT",
                   absl::StrCat(Pool(destination), ": no connection was free within ",
                                absl::FormatDuration(limit),
                                "; raise max_connection_count or connection_wait_timeout"));
}

absl::Status PoolDrained(const Destination& destination) {
  return MakeError(
      absl::StatusCode::kUnavailable, "POOL_DRAINED",
      absl::StrCat(Pool(destination), " was drained before a connection was free; send again"));
}

absl::Status OwnerEnds(const Destination& destination) {
  return MakeError(absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
                   absl::StrCat("the connection to ", Pool(destination),
                                " came too late: its connection manager ends"));
}

absl::Status PeerKeepsClosing(const Destination& destination, int times) {
  return MakeError(absl::StatusCode::kUnavailable, "CONNECTION_CLOSED",
                   absl::StrCat("the peer of ", Pool(destination), " closed ", times,
                                " connections in a row as soon as they were open; look at what "
                                "it expects of its clients"));
}

}  // namespace sipcm::pool
