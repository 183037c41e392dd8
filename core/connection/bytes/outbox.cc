#include "core/connection/bytes/outbox.h"

namespace sipcm::connection {

std::string* Outbox::tail(ConnectionEnvironment& lender) {
  std::string* const tail = queue_.tail();
  if (queue_.capacity() == 0) lender.LendBuffer(tail);
  return tail;
}

size_t Outbox::Commit() {
  const size_t bytes = queue_.size() - committed_bytes_;
  committed_bytes_ = static_cast<uint32_t>(queue_.size());
  return bytes;
}

bool Outbox::Append(absl::string_view bytes, ConnectionEnvironment& lender) {
  tail(lender);
  if (!queue_.Append(bytes)) return false;
  Commit();
  return true;
}

Outbox::Flushed Outbox::Flush(net::ByteStream& stream, ConnectionEnvironment& lender) {
  if (blocked_ || queue_.empty()) return {};
  const net::IoResult result = stream.Write(queue_.front());
  if (result.outcome == net::IoResult::Outcome::kFailed) return {Outcome::kFailed, 0};
  if (result.outcome != net::IoResult::Outcome::kDone) {
    blocked_ = true;
    return {Outcome::kStuck, 0};
  }
  queue_.Consume(result.bytes);
  committed_bytes_ = static_cast<uint32_t>(queue_.size());
  blocked_ = !queue_.empty();
  if (blocked_) return {Outcome::kMoved, result.bytes};
  lender.TakeBackBuffer(queue_.tail());
  return {Outcome::kEmptied, result.bytes};
}

void Outbox::Clear() {
  queue_.TruncateTo(0);
  queue_.Release();
  committed_bytes_ = 0;
}

}  // namespace sipcm::connection
