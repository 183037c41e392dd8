#include "core/connection/bytes/inbox.h"

#include "core/base/check.h"

namespace sipcm::connection {

bool Inbox::Receive(absl::string_view fresh, Taker take) {
  SIPCM_CHECK(!paused_);
  if (rest_.empty()) {
    const size_t consumed = FrameAll(fresh, take);
    return Keep(fresh.substr(consumed), true);
  }
  rest_.append(fresh.data(), fresh.size());
  return Resume(take);
}

bool Inbox::Resume(Taker take) {
  const bool was_paused = paused_;
  paused_ = false;
  const size_t consumed = FrameAll(rest_, take);
  // Still unfinished: nothing moves, so that a long message in small pieces stays O(n).
  if (consumed == 0 && !dropped_) return was_paused && !paused_ && !rest_.empty();
  return Keep(absl::string_view(rest_).substr(consumed), consumed > 0);
}

void Inbox::Clear() {
  std::string().swap(rest_);
  paused_ = false;
}

// How many bytes are done with.
size_t Inbox::FrameAll(absl::string_view data, Taker take) {
  size_t position = 0;
  while (position < data.size()) {
    const absl::string_view rest = data.substr(position);
    const sip::Frame frame = framer_.Next(rest);
    if (frame.kind == sip::FrameKind::kNeedMore) return position;
    const Verdict verdict = take(rest, frame);
    position += frame.consumed;
    if (verdict == Verdict::kDrop) {
      dropped_ = true;
      return position;
    }
    if (verdict == Verdict::kPause) {
      paused_ = position < data.size();
      return position;
    }
  }
  return position;
}

// `rest` may be a part of rest_. It is copied at its own size: the capacity that a long message
// needed is given back.
bool Inbox::Keep(absl::string_view rest, bool moved) {
  if (dropped_) rest = absl::string_view();
  std::string(rest.data(), rest.size()).swap(rest_);
  return moved && !rest_.empty() && !paused_;
}

}  // namespace sipcm::connection
