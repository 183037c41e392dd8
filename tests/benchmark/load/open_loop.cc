#include "tests/benchmark/load/open_loop.h"

#include <sys/prctl.h>

#include <algorithm>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tests/benchmark/load/lane_opener.h"
#include "tests/benchmark/load/load_connection.h"
#include "tests/benchmark/load/load_poller.h"
#include "tests/benchmark/load/reply_reader.h"

namespace sipcm::load {
namespace {

// What waits in the generator because the server does not read, per connection.
constexpr size_t kMaxBacklogBytes = 64 * 1024;

struct Outstanding {
  uint64_t sequence = 0;
  int64_t due_at = 0;  // 0: free
  bool counts = false;
};

struct Lane {
  std::unique_ptr<LoadConnection> connection;
  ReplyReader reader;
  std::vector<Outstanding> slots;
  std::vector<uint32_t> free_slots;
  uint64_t last_sequence = 0;
  bool dirty = false;  // has something to flush
};

class OpenLoop {
 public:
  explicit OpenLoop(const OpenLoopSettings& settings)
      : settings_(settings), request_(settings.shape) {}

  absl::StatusOr<LoadReport> Run();

 private:
  absl::Status ConnectAll();
  void SendDue(int64_t now);
  void SendOne(int64_t due_at, bool counts);
  absl::Status FlushAll();
  absl::Status Serve(uint32_t index);
  absl::Status Take(uint32_t index, const Reply& reply);
  absl::Status Failure(const Lane& lane) const {
    return absl::UnavailableError(
        absl::StrCat("connection ", &lane - lanes_.data(), ": ", lane.connection->error()));
  }
  absl::Status WaitForTheRest();

  const OpenLoopSettings& settings_;
  const RequestTemplate request_;
  LoadPoller poller_;
  std::vector<Lane> lanes_;
  std::vector<uint32_t> dirty_;
  size_t next_lane_ = 0;
  int64_t begin_ = 0;
  int64_t due_count_ = 0;
  int64_t measuring_from_ = 0;
  int64_t measuring_until_ = 0;
  int64_t now_ = 0;
  int64_t last_reply_at_ = 0;
  int64_t outstanding_count_ = 0;
  LoadReport report_;
};

absl::Status OpenLoop::ConnectAll() {
  auto connections = OpenLanes(
      {settings_.target, settings_.context, settings_.connection_count, settings_.connect_timeout},
      &poller_);
  if (!connections.ok()) return connections.status();
  lanes_.resize(connections->size());
  for (size_t i = 0; i < lanes_.size(); ++i) {
    lanes_[i].connection = std::move((*connections)[i]);
    lanes_[i].slots.resize(static_cast<size_t>(settings_.max_outstanding));
    for (int slot = settings_.max_outstanding; slot > 0; --slot) {
      lanes_[i].free_slots.push_back(static_cast<uint32_t>(slot - 1));
    }
  }
  return absl::OkStatus();
}

void OpenLoop::SendOne(int64_t due_at, bool counts) {
  const auto index = static_cast<uint32_t>(next_lane_);
  Lane& lane = lanes_[next_lane_];
  next_lane_ = (next_lane_ + 1) % lanes_.size();
  if (lane.free_slots.empty() || lane.connection->output()->size() > kMaxBacklogBytes) {
    if (counts) ++report_.unsent_count;
    return;
  }
  const uint32_t slot = lane.free_slots.back();
  lane.free_slots.pop_back();
  lane.slots[slot] = {++lane.last_sequence, due_at, counts};
  request_.AppendTo({index, slot, lane.last_sequence}, lane.connection->output());
  ++outstanding_count_;
  if (!std::exchange(lane.dirty, true)) dirty_.push_back(index);
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
    lanes_[index].dirty = false;
    if (!lanes_[index].connection->Flush()) return Failure(lanes_[index]);
  }
  dirty_.clear();
  return absl::OkStatus();
}

absl::Status OpenLoop::Take(uint32_t index, const Reply& reply) {
  Lane& lane = lanes_[index];
  const RequestId& id = reply.id;
  if (id.connection != index || id.slot >= lane.slots.size() || lane.slots[id.slot].due_at == 0 ||
      lane.slots[id.slot].sequence != id.sequence) {
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
  Outstanding& slot = lane.slots[id.slot];
  if (slot.counts && refused) {
    ++report_.refused_count;
  } else if (slot.counts) {
    ++report_.reply_count;
    report_.latency.Add(now_ - slot.due_at);
  }
  slot.due_at = 0;
  lane.free_slots.push_back(id.slot);
  --outstanding_count_;
  return absl::OkStatus();
}

absl::Status OpenLoop::Serve(uint32_t index) {
  Lane& lane = lanes_[index];
  while (true) {
    const ssize_t count = lane.connection->Read(lane.reader.Space());
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
  }
  return lane.connection->Flush() ? absl::OkStatus() : Failure(lane);
}

absl::Status OpenLoop::WaitForTheRest() {
  while (outstanding_count_ > 0) {
    if (MonotonicNow() - last_reply_at_ > absl::ToInt64Nanoseconds(settings_.silence_timeout)) {
      return absl::DeadlineExceededError(
          absl::StrCat(outstanding_count_, " requests got no reply in ",
                       absl::FormatDuration(settings_.silence_timeout)));
    }
    for (const uint32_t index : poller_.Wait(absl::Milliseconds(20))) {
      if (absl::Status served = Serve(index); !served.ok()) return served;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<LoadReport> OpenLoop::Run() {
  if (absl::Status connected = ConnectAll(); !connected.ok()) return connected;
  ::prctl(PR_SET_TIMERSLACK, 1000);  // wake on time
  begin_ = now_ = last_reply_at_ = MonotonicNow();
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
    for (const uint32_t index : poller_.Wait(pause)) {
      if (absl::Status served = Serve(index); !served.ok()) return served;
    }
  }
  report_.elapsed = settings_.duration;
  report_.used = Difference(ReadCpu(settings_.watched), at_start);
  if (absl::Status rest = WaitForTheRest(); !rest.ok()) return rest;
  return std::move(report_);
}

}  // namespace

absl::StatusOr<LoadReport> RunOpenLoop(const OpenLoopSettings& settings) {
  return OpenLoop(settings).Run();
}

}  // namespace sipcm::load
