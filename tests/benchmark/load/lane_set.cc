#include "tests/benchmark/load/lane_set.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"

namespace sipcm::load {
namespace {

// Handshakes at once: a server refuses a flood.
constexpr size_t kMaxOpening = 64;

}  // namespace

absl::Status LaneSet::Open() {
  const int64_t deadline = MonotonicNow() + absl::ToInt64Nanoseconds(settings_.connect_timeout);
  const auto count = static_cast<size_t>(settings_.count);
  std::vector<bool> ready(count);
  for (size_t ready_count = 0; ready_count < count;) {
    while (lanes_.size() < count && lanes_.size() - ready_count < kMaxOpening) {
      auto connection = LoadConnection::Open(settings_.target, settings_.context);
      if (!connection.ok()) return connection.status();
      poller_.Add((*connection)->descriptor(), this->count());
      lanes_.emplace_back().connection = *std::move(connection);
    }
    if (MonotonicNow() > deadline) {
      return absl::DeadlineExceededError(
          absl::StrCat(count - ready_count, " of ", count, " connections are not up after ",
                       absl::FormatDuration(settings_.connect_timeout)));
    }
    for (const uint32_t index : poller_.Wait(absl::Milliseconds(100))) {
      if (ready[index]) continue;
      const LoadConnection::Progress progress = lanes_[index].connection->Advance();
      if (progress == LoadConnection::Progress::kFailed) return Failure(index);
      if (progress == LoadConnection::Progress::kWaiting) continue;
      ready[index] = true;
      ++ready_count;
    }
  }
  read_at_ = MonotonicNow();
  return absl::OkStatus();
}

absl::Status LaneSet::Failure(uint32_t index) const {
  return absl::UnavailableError(
      absl::StrCat("connection ", index, ": ", lanes_[index].connection->error()));
}

absl::Status LaneSet::Flush(uint32_t index) {
  return lanes_[index].connection->Flush() ? absl::OkStatus() : Failure(index);
}

absl::Status LaneSet::ServeOne(uint32_t index, Take take) {
  Lane& lane = lanes_[index];
  while (true) {
    const absl::Span<char> space = lane.reader.Space();
    const ssize_t count = lane.connection->Read(space);
    if (count < 0) return Failure(index);
    if (count == 0) break;
    read_at_ = MonotonicNow();
    lane.reader.Received(static_cast<size_t>(count));
    Reply reply;
    ReplyReader::Outcome outcome = lane.reader.Next(&reply);
    for (; outcome == ReplyReader::Outcome::kReply; outcome = lane.reader.Next(&reply)) {
      if (absl::Status taken = take(index, reply); !taken.ok()) return taken;
    }
    if (outcome == ReplyReader::Outcome::kMalformed) {
      return absl::DataLossError(absl::StrCat("connection ", index, " got what is no reply"));
    }
    // A short read of a plain socket has emptied it; the next bytes are another event.
    if (settings_.context == nullptr && static_cast<size_t>(count) < space.size()) break;
  }
  return Flush(index);
}

absl::Status LaneSet::Serve(absl::Duration timeout, int64_t outstanding_count, Take take) {
  for (const uint32_t index : poller_.Wait(timeout)) {
    if (absl::Status served = ServeOne(index, take); !served.ok()) return served;
  }
  const int64_t now = MonotonicNow();
  waiting_since_ = outstanding_count == 0 ? now : std::max(waiting_since_, read_at_);
  if (now - waiting_since_ <= absl::ToInt64Nanoseconds(settings_.silence_timeout)) {
    return absl::OkStatus();
  }
  return absl::DeadlineExceededError(absl::StrCat(outstanding_count, " requests got no reply in ",
                                                  absl::FormatDuration(settings_.silence_timeout)));
}

}  // namespace sipcm::load
