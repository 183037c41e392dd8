#include "clients/cpp/frame_queue.h"

#include <utility>

namespace sipcm::client {

v1::ApplicationFrame* FrameQueue::Add(size_t bytes) {
  if (frames_.empty() || tail_items_ >= kMaxItems || tail_bytes_ >= kMaxBytes) {
    frames_.push_back(NewFrame());
    tail_items_ = 0;
    tail_bytes_ = 0;
  }
  ++tail_items_;
  tail_bytes_ += bytes;
  return frames_.back()->get();
}

void FrameQueue::PushFront(const v1::ApplicationFrame& frame) {
  if (frames_.empty()) tail_items_ = kMaxItems;  // nothing joins it
  frames_.push_front(NewFrame());
  *frames_.front()->get() = frame;
}

std::unique_ptr<FrameQueue::Frame> FrameQueue::Pop() {
  std::unique_ptr<Frame> frame = std::move(frames_.front());
  frames_.pop_front();
  return frame;
}

void FrameQueue::Recycle(std::unique_ptr<Frame> frame) {
  if (spare_.size() >= kMaxSpareFrames) return;
  frame->Renew();
  spare_.push_back(std::move(frame));
}

void FrameQueue::Clear() { frames_.clear(); }

std::unique_ptr<FrameQueue::Frame> FrameQueue::NewFrame() {
  if (spare_.empty()) return std::make_unique<Frame>();
  std::unique_ptr<Frame> frame = std::move(spare_.back());
  spare_.pop_back();
  return frame;
}

}  // namespace sipcm::client
