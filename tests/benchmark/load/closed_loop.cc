#include "tests/benchmark/load/closed_loop.h"

#include <algorithm>
#include <array>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tests/benchmark/load/lane_opener.h"
#include "tests/benchmark/load/load_connection.h"
#include "tests/benchmark/load/load_poller.h"
#include "tests/benchmark/load/reply_reader.h"

namespace sipcm::load {
namespace {

// One request's place in a window.
struct Slot {
  uint64_t sequence = 0;
  int64_t sent_at = 0;
  bool outstanding = false;
};

struct Lane {
  std::unique_ptr<LoadConnection> connection;
  ReplyReader reader;
  std::vector<Slot> slots;
  uint64_t last_sequence = 0;
};

class ClosedLoop {
 public:
  explicit ClosedLoop(const ClosedLoopSettings& settings)
      : settings_(settings), request_(settings.shape) {}

  absl::StatusOr<LoadReport> Run();

 private:
  enum class Phase : unsigned char { kWarmUp, kMeasuring, kEnding };

  absl::Status ConnectAll();
  absl::Status Serve(uint32_t index);
  absl::Status Take(uint32_t index, const Reply& reply);
  void Ask(uint32_t index, uint32_t slot);
  absl::Status Failure(const Lane& lane) const;
  void EnterPhaseAt(int64_t now);
  bool finished() const { return phase_ == Phase::kEnding && outstanding_count_ == 0; }

  const ClosedLoopSettings& settings_;
  const RequestTemplate request_;
  LoadPoller poller_;
  std::vector<Lane> lanes_;
  Phase phase_ = Phase::kWarmUp;
  int64_t now_ = 0;
  int64_t measuring_from_ = 0;
  int64_t measuring_until_ = 0;
  int64_t last_reply_at_ = 0;
  int64_t outstanding_count_ = 0;
  CpuReading at_start_;
  LoadReport report_;
};

absl::Status ClosedLoop::Failure(const Lane& lane) const {
  return absl::UnavailableError(
      absl::StrCat("connection ", &lane - lanes_.data(), ": ", lane.connection->error()));
}

absl::Status ClosedLoop::ConnectAll() {
  auto connections = OpenLanes(
      {settings_.target, settings_.context, settings_.connection_count, settings_.connect_timeout},
      &poller_);
  if (!connections.ok()) return connections.status();
  lanes_.resize(connections->size());
  for (size_t index = 0; index < lanes_.size(); ++index) {
    lanes_[index].connection = std::move((*connections)[index]);
    lanes_[index].slots.resize(settings_.window);
  }
  return absl::OkStatus();
}

void ClosedLoop::Ask(uint32_t index, uint32_t slot) {
  Lane& lane = lanes_[index];
  lane.slots[slot] = {++lane.last_sequence, now_, true};
  request_.AppendTo({index, slot, lane.last_sequence}, lane.connection->output());
  ++outstanding_count_;
}

absl::Status ClosedLoop::Take(uint32_t index, const Reply& reply) {
  Lane& lane = lanes_[index];
  const RequestId& id = reply.id;
  if (id.connection != index || id.slot >= lane.slots.size() || !lane.slots[id.slot].outstanding ||
      lane.slots[id.slot].sequence != id.sequence) {
    return absl::DataLossError(absl::StrCat("connection ", index, " got a reply to request ",
                                            id.connection, "/", id.slot, "/", id.sequence,
                                            ", which is not outstanding on it"));
  }
  if (reply.status_code < 200) return absl::OkStatus();
  if (reply.status_code != settings_.expected_status) {
    return absl::DataLossError(absl::StrCat("a reply of status ", reply.status_code, ", not ",
                                            settings_.expected_status, "; see --status"));
  }
  Slot& slot = lane.slots[id.slot];
  slot.outstanding = false;
  --outstanding_count_;
  if (phase_ == Phase::kMeasuring) {
    report_.latency.Add(now_ - slot.sent_at);
    if (++report_.reply_count >= settings_.max_reply_count) EnterPhaseAt(measuring_until_ = now_);
  }
  if (phase_ != Phase::kEnding) Ask(index, id.slot);
  return absl::OkStatus();
}

absl::Status ClosedLoop::Serve(uint32_t index) {
  Lane& lane = lanes_[index];
  while (true) {
    const absl::Span<char> space = lane.reader.Space();
    const ssize_t count = lane.connection->Read(space);
    if (count < 0) return Failure(lane);
    if (count == 0) break;
    now_ = last_reply_at_ = MonotonicNow();
    lane.reader.Received(static_cast<size_t>(count));
    Reply reply;
    ReplyReader::Outcome outcome = lane.reader.Next(&reply);
    for (; outcome == ReplyReader::Outcome::kReply; outcome = lane.reader.Next(&reply)) {
      if (absl::Status taken = Take(index, reply); !taken.ok()) return taken;
    }
    if (outcome == ReplyReader::Outcome::kMalformed) {
      return absl::DataLossError(absl::StrCat("connection ", index, " got what is no reply"));
    }
    // A short read of a plain socket has emptied it; the next bytes are another event.
    if (settings_.context == nullptr && static_cast<size_t>(count) < space.size()) break;
  }
  return lane.connection->Flush() ? absl::OkStatus() : Failure(lane);
}

void ClosedLoop::EnterPhaseAt(int64_t now) {
  if (phase_ == Phase::kWarmUp && now >= measuring_from_) {
    phase_ = Phase::kMeasuring;
    measuring_from_ = now;
    measuring_until_ = now + absl::ToInt64Nanoseconds(settings_.duration);
    at_start_ = ReadCpu(settings_.watched);
  } else if (phase_ == Phase::kMeasuring && now >= measuring_until_) {
    phase_ = Phase::kEnding;
    report_.elapsed = absl::Nanoseconds(now - measuring_from_);
    report_.used = Difference(ReadCpu(settings_.watched), at_start_);
  }
}

absl::StatusOr<LoadReport> ClosedLoop::Run() {
  if (absl::Status connected = ConnectAll(); !connected.ok()) return connected;
  now_ = last_reply_at_ = MonotonicNow();
  measuring_from_ = now_ + absl::ToInt64Nanoseconds(settings_.warm_up);
  for (uint32_t index = 0; index < lanes_.size(); ++index) {
    for (int slot = 0; slot < settings_.window; ++slot) Ask(index, static_cast<uint32_t>(slot));
    if (!lanes_[index].connection->Flush()) return Failure(lanes_[index]);
  }
  while (!finished()) {
    for (const uint32_t index : poller_.Wait(absl::Milliseconds(20))) {
      if (absl::Status served = Serve(index); !served.ok()) return served;
    }
    const int64_t now = MonotonicNow();
    EnterPhaseAt(now);
    if (now - last_reply_at_ > absl::ToInt64Nanoseconds(settings_.silence_timeout)) {
      return absl::DeadlineExceededError(
          absl::StrCat(outstanding_count_, " requests got no reply in ",
                       absl::FormatDuration(settings_.silence_timeout)));
    }
  }
  return std::move(report_);
}

}  // namespace

absl::StatusOr<LoadReport> RunClosedLoop(const ClosedLoopSettings& settings) {
  return ClosedLoop(settings).Run();
}

}  // namespace sipcm::load
