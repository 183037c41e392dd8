#include "tests/benchmark/load/reply_reader.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace sipcm::load {
namespace {

constexpr size_t kReadSize = 64 * 1024;
constexpr size_t kSmallestReadSize = 2048;
constexpr absl::string_view kEndOfHead = "\r\n\r\n";
constexpr absl::string_view kVersion = "SIP/2.0 ";

// memmem() beats string_view::find(), which libstdc++ does byte by byte.
size_t Find(absl::string_view text, absl::string_view wanted) {
  const void* found = ::memmem(text.data(), text.size(), wanted.data(), wanted.size());
  return found == nullptr ? absl::string_view::npos
                          : static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

}  // namespace

size_t ContentLengthOf(absl::string_view head) {
  for (const absl::string_view name : {"\r\nContent-Length:", "\r\nl:", "\r\ncontent-length:"}) {
    const size_t at = Find(head, name);
    if (at == absl::string_view::npos) continue;
    const absl::string_view rest = head.substr(at + name.size());
    size_t length = 0;
    if (absl::SimpleAtoi(rest.substr(0, Find(rest, "\r\n")), &length)) return length;
  }
  return 0;
}

bool ParseReplyHead(absl::string_view head, Reply* reply) {
  if (!absl::ConsumePrefix(&head, kVersion)) return false;
  if (!absl::SimpleAtoi(head.substr(0, 3), &reply->status_code)) return false;
  const size_t branch = Find(head, kBranchPrefix);
  if (branch == absl::string_view::npos) return false;
  const absl::string_view digits = head.substr(branch + kBranchPrefix.size());
  const absl::optional<RequestId> id = ParseRequestId(digits.substr(0, kIdLength));
  if (!id.has_value()) return false;
  reply->id = *id;
  reply->has_retry_after =
      reply->status_code == 503 && Find(head, "\r\nRetry-After:") != absl::string_view::npos;
  return true;
}

absl::Span<char> ReplyReader::Space() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (buffer_.size() - end_ < kSmallestReadSize) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (buffer_.size() - end_ < kSmallestReadSize) buffer_.resize(buffer_.size() + kReadSize);
  }
  return absl::MakeSpan(buffer_).subspan(end_);
}

ReplyReader::Outcome ReplyReader::Next(Reply* reply) {
  const absl::string_view bytes(buffer_.data() + begin_, end_ - begin_);
  const size_t end_of_head = Find(bytes, kEndOfHead);
  if (end_of_head == absl::string_view::npos) return Outcome::kNeedsBytes;
  const absl::string_view head = bytes.substr(0, end_of_head + 2);
  if (!ParseReplyHead(head, reply)) return Outcome::kMalformed;
  const size_t size = end_of_head + kEndOfHead.size() + ContentLengthOf(head);
  if (bytes.size() < size) return Outcome::kNeedsBytes;
  begin_ += size;
  return Outcome::kReply;
}

}  // namespace sipcm::load
