#include "tests/benchmark/load/churn.h"

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tests/benchmark/load/load_connection.h"
#include "tests/benchmark/load/load_poller.h"
#include "tests/benchmark/load/reply_reader.h"

namespace sipcm::load {
namespace {

struct Lane {
  std::unique_ptr<LoadConnection> connection;
  ReplyReader reader;
  SslSessionPointer session;
  uint64_t sequence = 0;
  int64_t begun_at = 0;
  bool asked = false;
};

class Churn {
 public:
  explicit Churn(const ChurnSettings& settings) : settings_(settings), request_(settings.shape) {}

  absl::StatusOr<LoadReport> Run();

 private:
  absl::Status Open(uint32_t index);
  absl::Status Serve(uint32_t index);
  absl::Status Finish(uint32_t index, const Reply& reply);
  absl::Status Failure(uint32_t index) const {
    return absl::UnavailableError(
        absl::StrCat("connection ", index, ": ", lanes_[index].connection->error()));
  }

  const ChurnSettings& settings_;
  const RequestTemplate request_;
  LoadPoller poller_;
  std::vector<Lane> lanes_;
  bool measuring_ = false;
  int64_t last_reply_at_ = 0;
  LoadReport report_;
};

absl::Status Churn::Open(uint32_t index) {
  Lane& lane = lanes_[index];
  auto connection = LoadConnection::Open(settings_.target, settings_.context, lane.session.get());
  if (!connection.ok()) return connection.status();
  lane.connection = *std::move(connection);
  lane.reader = ReplyReader();
  lane.asked = false;
  lane.begun_at = MonotonicNow();
  poller_.Add(lane.connection->descriptor(), index);
  return absl::OkStatus();
}

absl::Status Churn::Finish(uint32_t index, const Reply& reply) {
  Lane& lane = lanes_[index];
  if (reply.id.connection != index || reply.id.sequence != lane.sequence) {
    return absl::DataLossError(
        absl::StrCat("connection ", index, " got a reply it did not ask for"));
  }
  if (reply.status_code != settings_.expected_status) {
    return absl::DataLossError(absl::StrCat("a reply of status ", reply.status_code, ", not ",
                                            settings_.expected_status, "; see --status"));
  }
  last_reply_at_ = MonotonicNow();
  const bool resumed = lane.connection->is_resumed();
  if (lane.session != nullptr && !resumed) {
    return absl::DataLossError("the server does not resume the session that it gave");
  }
  if (settings_.resumption == Resumption::kAlways) lane.session = lane.connection->TakeSession();
  if (measuring_) {
    ++report_.reply_count;
    if (resumed) ++report_.resumed_count;
    report_.latency.Add(last_reply_at_ - lane.begun_at);
  }
  lane.connection->End();
  return Open(index);
}

absl::Status Churn::Serve(uint32_t index) {
  Lane& lane = lanes_[index];
  if (!lane.asked) {
    const LoadConnection::Progress progress = lane.connection->Advance();
    if (progress == LoadConnection::Progress::kFailed) return Failure(index);
    if (progress == LoadConnection::Progress::kWaiting) return absl::OkStatus();
    request_.AppendTo({index, 0, ++lane.sequence}, lane.connection->output());
    lane.asked = true;
  }
  if (!lane.connection->Flush()) return Failure(index);
  while (true) {
    const ssize_t count = lane.connection->Read(lane.reader.Space());
    if (count < 0) return Failure(index);
    if (count == 0) return absl::OkStatus();
    lane.reader.Received(static_cast<size_t>(count));
    Reply reply;
    const ReplyReader::Outcome outcome = lane.reader.Next(&reply);
    if (outcome == ReplyReader::Outcome::kReply) return Finish(index, reply);
    if (outcome == ReplyReader::Outcome::kMalformed) {
      return absl::DataLossError(absl::StrCat("connection ", index, " got what is no reply"));
    }
  }
}

absl::StatusOr<LoadReport> Churn::Run() {
  lanes_.resize(static_cast<size_t>(settings_.lane_count));
  for (uint32_t index = 0; index < lanes_.size(); ++index) {
    if (absl::Status opened = Open(index); !opened.ok()) return opened;
  }
  int64_t phase_end = MonotonicNow() + absl::ToInt64Nanoseconds(settings_.warm_up);
  int64_t begin = 0;
  CpuReading at_start;
  last_reply_at_ = MonotonicNow();
  while (true) {
    const int64_t now = MonotonicNow();
    if (!measuring_ && now >= phase_end) {
      measuring_ = true;
      begin = now;
      phase_end = now + absl::ToInt64Nanoseconds(settings_.duration);
      at_start = ReadCpu(settings_.watched);
    } else if (measuring_ &&
               (now >= phase_end || report_.reply_count >= settings_.max_reply_count)) {
      report_.elapsed = absl::Nanoseconds(now - begin);
      report_.used = Difference(ReadCpu(settings_.watched), at_start);
      return std::move(report_);
    }
    if (now - last_reply_at_ > absl::ToInt64Nanoseconds(settings_.silence_timeout)) {
      return absl::DeadlineExceededError(
          absl::StrCat("no reply in ", absl::FormatDuration(settings_.silence_timeout)));
    }
    for (const uint32_t index : poller_.Wait(absl::Milliseconds(20))) {
      if (absl::Status served = Serve(index); !served.ok()) return served;
    }
  }
}

}  // namespace

absl::StatusOr<LoadReport> RunChurn(const ChurnSettings& settings) { return Churn(settings).Run(); }

}  // namespace sipcm::load
