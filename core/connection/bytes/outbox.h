#ifndef SIPCM_CORE_CONNECTION_BYTES_OUTBOX_H_
#define SIPCM_CORE_CONNECTION_BYTES_OUTBOX_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "core/base/byte_queue.h"
#include "core/connection/connection_environment.h"
#include "core/net/byte_stream.h"

namespace sipcm::connection {

// What one connection has yet to send: whole messages, and perhaps one that is being built at the
// end. Bounded; an empty outbox holds no heap: its buffer is lent by the environment, always the
// same one, which is given with each call because there are as many outboxes as connections.
// Thread: its connection's.
class Outbox {
 public:
  enum class Outcome : uint8_t {
    kNothing,  // there was nothing to write, or the stream has yet to say OnWritable
    kMoved,    // bytes > 0 went out; a rest waits for OnWritable
    kEmptied,  // bytes > 0 went out, none are left
    kStuck,    // none went out; all wait for OnWritable
    kFailed,   // the stream broke
  };
  struct Flushed {
    Outcome outcome = Outcome::kNothing;
    size_t bytes = 0;
  };

  explicit Outbox(size_t limit) : queue_(limit) {}

  // Where a builder appends. Commit() or Abandon() comes before anything else.
  std::string* tail(ConnectionEnvironment& lender);
  // The bytes of the message that this completes.
  size_t Commit();
  void Abandon() { queue_.TruncateTo(committed_bytes_); }
  // All or nothing; false when there is no room.
  bool Append(absl::string_view bytes, ConnectionEnvironment& lender);

  // One Write, unless blocked.
  Flushed Flush(net::ByteStream& stream, ConnectionEnvironment& lender);
  // The stream said OnWritable.
  void Unblock() { blocked_ = false; }
  // Forgets all and frees it.
  void Clear();

  bool is_blocked() const { return blocked_; }
  bool empty() const { return queue_.empty(); }
  size_t size() const { return queue_.size(); }
  size_t limit() const { return queue_.limit(); }
  size_t heap_bytes() const { return queue_.capacity(); }  // for memory accounting
  // The marks for reading: what would be answered has no room (above a half), has room again.
  bool is_half_full() const { return queue_.size() > queue_.limit() / 2; }
  bool is_drained() const { return queue_.size() < queue_.limit() / 4; }

 private:
  ByteQueue queue_;
  uint32_t committed_bytes_ = 0;
  bool blocked_ = false;
};

}  // namespace sipcm::connection

#endif  // SIPCM_CORE_CONNECTION_BYTES_OUTBOX_H_
