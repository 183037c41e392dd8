#include "tests/benchmark/load/open_loop.h"

#include <sys/prctl.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tests/benchmark/load/lane_set.h"
#include "tests/benchmark/load/load_poller.h"

namespace sipcm::load {
namespace {

// What waits in the generator because the server does not read, per connection.
constexpr size_t kMaxBacklogBytes = 64 * 1024;

struct Outstanding {
  uint64_t sequence = 0;
  int64_t due_at = 0;  // 0: free
  bool counts = false;
};

// What is outstanding on one connection.
struct Window {
  std::vector<Outstanding> slots;
  std::vector<uint32_t> free_slots;
  uint64_t last_sequence = 0;
  bool dirty = false;  // has something to flush
};

class OpenLoop {
 public:
  explicit OpenLoop(const OpenLoopSettings& settings)
      : settings_(settings),
        request_(settings.shape),
        lanes_({settings.target, settings.context, settings.connection_count,
                settings.connect_timeout, settings.silence_timeout}) {}

  absl::StatusOr<LoadReport> Run();

 private:
  void Prepare();
  void SendDue(int64_t now);
  void SendOne(int64_t due_at, bool counts);
  absl::Status FlushAll();
  absl::Status Serve(absl::Duration timeout) {
    return lanes_.Serve(timeout, outstanding_count_,
                        [this](uint32_t index, const Reply& reply) { return Take(index, reply); });
  }
  absl::Status Take(uint32_t index, const Reply& reply);

  const OpenLoopSettings& settings_;
  const RequestTemplate request_;
  LaneSet lanes_;
  std::vector<Window> windows_;
  std::vector<uint32_t> dirty_;
  uint32_t next_lane_ = 0;
  int64_t begin_ = 0;
  int64_t due_count_ = 0;
  int64_t measuring_from_ = 0;
  int64_t measuring_until_ = 0;
  int64_t outstanding_count_ = 0;
  LoadReport report_;
};

void OpenLoop::Prepare() {
  windows_.resize(lanes_.count());
  for (Window& window : windows_) {
    window.slots.resize(static_cast<size_t>(settings_.max_outstanding));
    for (int slot = settings_.max_outstanding; slot > 0; --slot) {
      window.free_slots.push_back(static_cast<uint32_t>(slot - 1));
    }
  }
}

void OpenLoop::SendOne(int64_t due_at, bool counts) {
  const uint32_t index = next_lane_;
  Window& window = windows_[index];
  next_lane_ = (next_lane_ + 1) % lanes_.count();
  if (window.free_slots.empty() || lanes_.output(index)->size() > kMaxBacklogBytes) {
    if (counts) ++report_.unsent_count;
    return;
  }
  const uint32_t slot = window.free_slots.back();
  window.free_slots.pop_back();
  window.slots[slot] = {++window.last_sequence, due_at, counts};
  request_.AppendTo({index, slot, window.last_sequence}, lanes_.output(index));
  ++outstanding_count_;
  if (!std::exchange(window.dirty, true)) dirty_.push_back(index);
}

void OpenLoop::SendDue(int64_t now) {
  const auto due_until = static_cast<int64_t>(
      static_cast<double>(std::min(now, measuring_until_) - begin_) / 1e9 * settings_.rate);
  while (due_count_ < due_until) {
    const int64_t due_at =
        begin_ + static_cast<int64_t>(static_cast<double>(++due_count_) / settings_.rate * 1e9);
    SendOne(due_at, due_at >= measuring_from_);
  }
}

absl::Status OpenLoop::FlushAll() {
  for (const uint32_t index : dirty_) {
    windows_[index].dirty = false;
    if (absl::Status flushed = lanes_.Flush(index); !flushed.ok()) return flushed;
  }
  dirty_.clear();
  return absl::OkStatus();
}

absl::Status OpenLoop::Take(uint32_t index, const Reply& reply) {
  Window& window = windows_[index];
  const RequestId& id = reply.id;
  if (id.connection != index || id.slot >= window.slots.size() ||
      window.slots[id.slot].due_at == 0 || window.slots[id.slot].sequence != id.sequence) {
    return absl::DataLossError(
        absl::StrCat("connection ", index, " got a reply that nothing on it asked for"));
  }
  if (reply.status_code < 200) return absl::OkStatus();
  const bool refused = reply.has_retry_after && reply.status_code != settings_.expected_status;
  if (reply.status_code != settings_.expected_status && !refused) {
    return absl::DataLossError(absl::StrCat("a reply of status ", reply.status_code, ", neither ",
                                            settings_.expected_status,
                                            " nor 503 with Retry-After"));
  }
  Outstanding& slot = window.slots[id.slot];
  if (slot.counts && refused) {
    ++report_.refused_count;
  } else if (slot.counts) {
    ++report_.reply_count;
    report_.latency.Add(lanes_.read_at() - slot.due_at);
  }
  slot.due_at = 0;
  window.free_slots.push_back(id.slot);
  --outstanding_count_;
  return absl::OkStatus();
}

absl::StatusOr<LoadReport> OpenLoop::Run() {
  if (absl::Status opened = lanes_.Open(); !opened.ok()) return opened;
  Prepare();
  ::prctl(PR_SET_TIMERSLACK, 1000);  // wake on time
  begin_ = MonotonicNow();
  measuring_from_ = begin_ + absl::ToInt64Nanoseconds(settings_.warm_up);
  measuring_until_ = measuring_from_ + absl::ToInt64Nanoseconds(settings_.duration);
  const double interval = 1e9 / settings_.rate;
  const absl::Duration pause = absl::Nanoseconds(std::clamp(interval, 50e3, 1e6));
  CpuReading at_start;
  bool measuring = false;
  for (int64_t now = begin_; now < measuring_until_; now = MonotonicNow()) {
    if (!measuring && now >= measuring_from_) {
      measuring = true;
      at_start = ReadCpu(settings_.watched);
    }
    SendDue(now);
    if (absl::Status flushed = FlushAll(); !flushed.ok()) return flushed;
    if (absl::Status served = Serve(pause); !served.ok()) return served;
  }
  report_.elapsed = settings_.duration;
  report_.used = Difference(ReadCpu(settings_.watched), at_start);
  while (outstanding_count_ > 0) {
    if (absl::Status served = Serve(absl::Milliseconds(20)); !served.ok()) return served;
  }
  return std::move(report_);
}

}  // namespace

absl::StatusOr<LoadReport> RunOpenLoop(const OpenLoopSettings& settings) {
  return OpenLoop(settings).Run();
}

}  // namespace sipcm::load
