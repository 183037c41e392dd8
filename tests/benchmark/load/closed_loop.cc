#include "tests/benchmark/load/closed_loop.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tests/benchmark/load/lane_set.h"
#include "tests/benchmark/load/load_poller.h"

namespace sipcm::load {
namespace {

// One request's place in a window.
struct Slot {
  uint64_t sequence = 0;
  int64_t sent_at = 0;
  bool outstanding = false;
};

// What is outstanding on one connection.
struct Window {
  std::vector<Slot> slots;
  uint64_t last_sequence = 0;
};

class ClosedLoop {
 public:
  explicit ClosedLoop(const ClosedLoopSettings& settings)
      : settings_(settings),
        request_(settings.shape),
        lanes_({settings.target, settings.context, settings.connection_count,
                settings.connect_timeout, settings.silence_timeout}) {}

  absl::StatusOr<LoadReport> Run();

 private:
  enum class Phase : unsigned char { kWarmUp, kMeasuring, kEnding };

  absl::Status Take(uint32_t index, const Reply& reply);
  void Ask(uint32_t index, uint32_t slot);
  void EnterPhaseAt(int64_t now);
  bool finished() const { return phase_ == Phase::kEnding && outstanding_count_ == 0; }

  const ClosedLoopSettings& settings_;
  const RequestTemplate request_;
  LaneSet lanes_;
  std::vector<Window> windows_;
  Phase phase_ = Phase::kWarmUp;
  int64_t measuring_from_ = 0;
  int64_t measuring_until_ = 0;
  int64_t outstanding_count_ = 0;
  CpuReading at_start_;
  LoadReport report_;
};

void ClosedLoop::Ask(uint32_t index, uint32_t slot) {
  Window& window = windows_[index];
  window.slots[slot] = {++window.last_sequence, lanes_.read_at(), true};
  request_.AppendTo({index, slot, window.last_sequence}, lanes_.output(index));
  ++outstanding_count_;
}

absl::Status ClosedLoop::Take(uint32_t index, const Reply& reply) {
  Window& window = windows_[index];
  const RequestId& id = reply.id;
  if (id.connection != index || id.slot >= window.slots.size() ||
      !window.slots[id.slot].outstanding || window.slots[id.slot].sequence != id.sequence) {
    return absl::DataLossError(absl::StrCat("connection ", index, " got a reply to request ",
                                            id.connection, "/", id.slot, "/", id.sequence,
                                            ", which is not outstanding on it"));
  }
  if (reply.status_code < 200) return absl::OkStatus();
  if (reply.status_code != settings_.expected_status) {
    return absl::DataLossError(absl::StrCat("a reply of status ", reply.status_code, ", not ",
                                            settings_.expected_status, "; see --status"));
  }
  Slot& slot = window.slots[id.slot];
  slot.outstanding = false;
  --outstanding_count_;
  if (phase_ == Phase::kMeasuring) {
    const int64_t now = lanes_.read_at();
    report_.latency.Add(now - slot.sent_at);
    if (++report_.reply_count >= settings_.max_reply_count) EnterPhaseAt(measuring_until_ = now);
  }
  if (phase_ != Phase::kEnding) Ask(index, id.slot);
  return absl::OkStatus();
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
  if (absl::Status opened = lanes_.Open(); !opened.ok()) return opened;
  measuring_from_ = lanes_.read_at() + absl::ToInt64Nanoseconds(settings_.warm_up);
  windows_.resize(lanes_.count());
  for (uint32_t index = 0; index < lanes_.count(); ++index) {
    windows_[index].slots.resize(settings_.window);
    for (int slot = 0; slot < settings_.window; ++slot) Ask(index, static_cast<uint32_t>(slot));
    if (absl::Status flushed = lanes_.Flush(index); !flushed.ok()) return flushed;
  }
  const auto take = [this](uint32_t index, const Reply& reply) { return Take(index, reply); };
  while (!finished()) {
    absl::Status served = lanes_.Serve(absl::Milliseconds(20), outstanding_count_, take);
    if (!served.ok()) return served;
    EnterPhaseAt(MonotonicNow());
  }
  return std::move(report_);
}

}  // namespace

absl::StatusOr<LoadReport> RunClosedLoop(const ClosedLoopSettings& settings) {
  return ClosedLoop(settings).Run();
}

}  // namespace sipcm::load
