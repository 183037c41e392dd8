#ifndef SIPCM_CORE_BASE_BYTE_QUEUE_H_
#define SIPCM_CORE_BASE_BYTE_QUEUE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace sipcm {

// The bytes that one connection has yet to send: appended at the tail, taken from the front, all
// in one piece so that one send carries them. Bounded (reliability.md 14). An empty queue holds no
// heap once it was large, and none before its first byte. Thread: its owner's.
class ByteQueue {
 public:
  // Buffers up to this size are kept when the queue runs empty, so that a busy connection does not
  // allocate per message; Release() gives up even those.
  static constexpr size_t kKeptCapacity = 4096;

  // `limit`: the most bytes that may wait.
  explicit ByteQueue(size_t limit)
      : limit_(static_cast<uint32_t>(std::min(limit, size_t{UINT32_MAX}))) {}
  ByteQueue(const ByteQueue&) = delete;
  ByteQueue& operator=(const ByteQueue&) = delete;

  // All or nothing: false when `bytes` would pass the limit, and then nothing is queued.
  // `bytes` must not point into this queue.
  bool Append(absl::string_view bytes);

  // For a builder that writes in place: append to it, never shrink or change what is there; then
  // ask is_over_limit(). The pointer holds until the next call of a non-const member.
  std::string* tail();
  // Takes back what a builder appended since the queue had `size` bytes (its size() before).
  void TruncateTo(size_t size);

  // The waiting bytes; valid until the next non-const call.
  absl::string_view front() const { return absl::string_view(bytes_).substr(head_); }
  // Drops the first `count` bytes; count <= size().
  void Consume(size_t count);
  // When empty: frees whatever is kept (for a connection that goes idle). Otherwise nothing.
  void Release();

  size_t size() const { return bytes_.size() - head_; }
  bool empty() const { return head_ == bytes_.size(); }
  size_t limit() const { return limit_; }
  bool is_over_limit() const { return size() > limit_; }
  // Heap bytes held, for memory accounting.
  size_t capacity() const { return bytes_.capacity() > kInlineCapacity ? bytes_.capacity() : 0; }

 private:
  static constexpr size_t kInlineCapacity = 15;  // libstdc++'s std::string holds these in place

  // Moves the waiting bytes to the start when the consumed part outweighs them: each byte is moved
  // at most once per doubling, so that a queue which never runs empty does not grow for ever.
  void Compact();

  std::string bytes_;
  uint32_t head_ = 0;  // 4 GiB are more than any limit
  const uint32_t limit_;
};

}  // namespace sipcm

#endif  // SIPCM_CORE_BASE_BYTE_QUEUE_H_
