#ifndef SIPCM_CLIENTS_CPP_FRAME_QUEUE_H_
#define SIPCM_CLIENTS_CPP_FRAME_QUEUE_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "proto/reused_message.h"
#include "proto/sipcm/v1/attach.pb.h"

namespace sipcm::client {

// What waits to be written to an Attach stream, already in frames. Items are built in place, and
// written frames are used again, memory and all. Thread: guarded by its owner's mutex.
class FrameQueue {
 public:
  using Frame = ReusedMessage<v1::ApplicationFrame>;

  static constexpr int kMaxItems = 64;
  static constexpr size_t kMaxBytes = 64 * 1024;

  // Where the next item of about `bytes` goes; add exactly one. Valid until the next call.
  v1::ApplicationFrame* Add(size_t bytes);
  // A frame of its own, ahead of all others.
  void PushFront(const v1::ApplicationFrame& frame);

  bool empty() const { return frames_.empty(); }
  // Whether the first frame takes nothing more.
  bool has_full_frame() const { return frames_.size() > 1; }
  // The first frame; not when empty.
  std::unique_ptr<Frame> Pop();
  // Takes back a frame that was written.
  void Recycle(std::unique_ptr<Frame> frame);
  void Clear();

 private:
  static constexpr size_t kMaxSpareFrames = 4;

  std::unique_ptr<Frame> NewFrame();

  std::deque<std::unique_ptr<Frame>> frames_;
  int tail_items_ = 0;
  size_t tail_bytes_ = 0;
  std::vector<std::unique_ptr<Frame>> spare_;
};

}  // namespace sipcm::client

#endif  // SIPCM_CLIENTS_CPP_FRAME_QUEUE_H_
