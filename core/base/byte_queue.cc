#include "core/base/byte_queue.h"

#include "core/base/check.h"

namespace sipcm {

bool ByteQueue::Append(absl::string_view bytes) {
  if (bytes.size() > limit_ || size() > limit_ - bytes.size()) return false;
  Compact();
  bytes_.append(bytes.data(), bytes.size());
  return true;
}

std::string* ByteQueue::tail() {
  Compact();
  return &bytes_;
}

void ByteQueue::TruncateTo(size_t size) {
  SIPCM_CHECK(size <= this->size());
  bytes_.resize(head_ + size);
}

void ByteQueue::Consume(size_t count) {
  SIPCM_CHECK(count <= size());
  head_ += static_cast<uint32_t>(count);
  if (!empty()) return;
  head_ = 0;
  if (bytes_.capacity() > kKeptCapacity) {
    std::string().swap(bytes_);
  } else {
    bytes_.clear();
  }
}

void ByteQueue::Release() {
  if (!empty()) return;
  head_ = 0;
  std::string().swap(bytes_);
}

void ByteQueue::Compact() {
  if (head_ == 0 || head_ < size()) return;
  bytes_.erase(0, head_);
  head_ = 0;
}

}  // namespace sipcm
