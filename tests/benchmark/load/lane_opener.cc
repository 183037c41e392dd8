#include "tests/benchmark/load/lane_opener.h"

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace sipcm::load {
namespace {

// Handshakes at once: a server refuses a flood.
constexpr size_t kMaxOpening = 64;

}  // namespace

absl::StatusOr<std::vector<std::unique_ptr<LoadConnection>>> OpenLanes(const LaneOpening& opening,
                                                                       LoadPoller* poller) {
  const int64_t deadline = MonotonicNow() + absl::ToInt64Nanoseconds(opening.timeout);
  const auto count = static_cast<size_t>(opening.count);
  std::vector<std::unique_ptr<LoadConnection>> lanes;
  std::vector<bool> ready(count);
  for (size_t ready_count = 0; ready_count < count;) {
    while (lanes.size() < count && lanes.size() - ready_count < kMaxOpening) {
      auto connection = LoadConnection::Open(opening.target, opening.context);
      if (!connection.ok()) return connection.status();
      poller->Add((*connection)->descriptor(), static_cast<uint32_t>(lanes.size()));
      lanes.push_back(*std::move(connection));
    }
    if (MonotonicNow() > deadline) {
      return absl::DeadlineExceededError(absl::StrCat(count - ready_count, " of ", count,
                                                      " connections are not up after ",
                                                      absl::FormatDuration(opening.timeout)));
    }
    for (const uint32_t index : poller->Wait(absl::Milliseconds(100))) {
      if (ready[index]) continue;
      const LoadConnection::Progress progress = lanes[index]->Advance();
      if (progress == LoadConnection::Progress::kFailed) {
        return absl::UnavailableError(
            absl::StrCat("connection ", index, ": ", lanes[index]->error()));
      }
      if (progress == LoadConnection::Progress::kWaiting) continue;
      ready[index] = true;
      ++ready_count;
    }
  }
  return lanes;
}

}  // namespace sipcm::load
