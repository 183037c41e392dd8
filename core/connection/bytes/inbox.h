#ifndef SIPCM_CORE_CONNECTION_BYTES_INBOX_H_
#define SIPCM_CORE_CONNECTION_BYTES_INBOX_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "core/sip/framer.h"

namespace sipcm::connection {

// What came on one connection and is not framed yet. Frames are taken in place from the buffer that
// was read into; only a rest is copied, and an empty inbox holds no heap (performance.md, design
// 6). Memory follows what came, never what was announced; each byte is scanned once. Thread: its
// connection's.
class Inbox {
 public:
  enum class Verdict : uint8_t {
    kGoOn,
    kPause,  // keep what follows unframed, until Resume()
    kDrop,   // what follows is nobody's: the connection ends
  };
  // Gets each frame but kNeedMore; `data` begins where the frame's offsets count from.
  using Taker = absl::FunctionRef<Verdict(absl::string_view data, const sip::Frame& frame)>;

  explicit Inbox(const sip::FramerLimits& limits) : framer_(limits) {}
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  // Only when not paused. True: an unfinished message has begun with these bytes, after whatever
  // was framed; false: none waits, or the one that waited goes on.
  bool Receive(absl::string_view fresh, Taker take);
  // Frames what was kept by a pause; answers like Receive().
  bool Resume(Taker take);
  void Clear();

  bool empty() const { return rest_.empty(); }
  // Its bytes wait for Resume(), not for the peer.
  bool is_paused() const { return paused_; }
  size_t size() const { return rest_.size(); }
  // For memory accounting; what a std::string holds in place is none.
  size_t heap_bytes() const {
    return rest_.capacity() > std::string().capacity() ? rest_.capacity() : 0;
  }

 private:
  size_t FrameAll(absl::string_view data, Taker take);
  bool Keep(absl::string_view rest, bool moved);

  sip::Framer framer_;
  bool paused_ = false;  // these two where the framer leaves room
  bool dropped_ = false;
  std::string rest_;
};

}  // namespace sipcm::connection

#endif  // SIPCM_CORE_CONNECTION_BYTES_INBOX_H_
