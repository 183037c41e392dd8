#include "tests/benchmark/load/idle_crowd.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace sipcm::load {

IdleCrowd::IdleCrowd(const IdleCrowdSettings& settings)
    : settings_(settings), request_(settings.shape) {}

absl::Status IdleCrowd::Failure(uint32_t index) const {
  return absl::UnavailableError(absl::StrCat("connection ", index, " of ", members_.size(), ": ",
                                             members_[index].connection->error()));
}

absl::Status IdleCrowd::Open() {
  auto connection = LoadConnection::Open(settings_.target, settings_.context);
  if (!connection.ok()) return connection.status();
  const auto index = static_cast<uint32_t>(members_.size());
  poller_.Add((*connection)->descriptor(), index);
  members_.push_back({*std::move(connection), std::make_unique<ReplyReader>()});
  return absl::OkStatus();
}

absl::Status IdleCrowd::ReadReply(uint32_t index) {
  Member& member = members_[index];
  while (true) {
    // Later on there is nothing to come but a TLS session ticket or the end.
    char rest[256];
    const absl::Span<char> space =
        member.reader != nullptr ? member.reader->Space() : absl::MakeSpan(rest);
    const ssize_t count = member.connection->Read(space);
    if (count < 0) return Failure(index);
    if (count == 0) return absl::OkStatus();
    if (member.reader == nullptr) return absl::DataLossError("a second reply to one request");
    member.reader->Received(static_cast<size_t>(count));
    Reply reply;
    const ReplyReader::Outcome outcome = member.reader->Next(&reply);
    if (outcome == ReplyReader::Outcome::kNeedsBytes) continue;
    if (outcome == ReplyReader::Outcome::kMalformed || reply.id.connection != index ||
        reply.status_code != settings_.expected_status) {
      return absl::DataLossError(absl::StrCat("connection ", index, " got no reply of status ",
                                              settings_.expected_status, " to its request but ",
                                              reply.status_code, "; see --status"));
    }
    member.reader.reset();
    ++established_count_;
  }
}

absl::Status IdleCrowd::Serve(uint32_t index) {
  Member& member = members_[index];
  if (!member.asked) {
    const LoadConnection::Progress progress = member.connection->Advance();
    if (progress == LoadConnection::Progress::kFailed) return Failure(index);
    if (progress == LoadConnection::Progress::kWaiting) return absl::OkStatus();
    request_.AppendTo({index, 0, 1}, member.connection->output());
    member.asked = true;
  }
  if (!member.connection->Flush()) return Failure(index);
  if (member.connection->output()->empty()) member.connection->output()->shrink_to_fit();
  return ReadReply(index);
}

absl::Status IdleCrowd::GrowTo(uint32_t count) {
  int64_t progress_at = MonotonicNow();
  while (established_count_ < count) {
    while (members_.size() < count &&
           members_.size() - established_count_ < settings_.max_opening_count) {
      if (absl::Status opened = Open(); !opened.ok()) return opened;
    }
    const uint32_t before = established_count_;
    for (const uint32_t index : poller_.Wait(absl::Milliseconds(100))) {
      if (absl::Status served = Serve(index); !served.ok()) return served;
    }
    const int64_t now = MonotonicNow();
    if (established_count_ != before) progress_at = now;
    if (now - progress_at > absl::ToInt64Nanoseconds(settings_.silence_timeout)) {
      return absl::DeadlineExceededError(absl::StrCat(
          "only ", established_count_, " connections are established, and none more in ",
          absl::FormatDuration(settings_.silence_timeout)));
    }
  }
  return absl::OkStatus();
}

absl::Status IdleCrowd::CheckAllStand() {
  while (true) {
    const absl::Span<const uint32_t> eventful = poller_.Wait(absl::ZeroDuration());
    if (eventful.empty()) return absl::OkStatus();
    for (const uint32_t index : eventful) {
      if (absl::Status served = Serve(index); !served.ok()) return served;
    }
  }
}

}  // namespace sipcm::load
