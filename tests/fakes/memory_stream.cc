#include "tests/fakes/memory_stream.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <string>

#include "core/base/check.h"
#include "core/base/instant.h"
#include "core/net/socket/socket_error.h"

namespace sipcm::fakes {

using net::IoResult;
using Outcome = net::IoResult::Outcome;

struct MemoryStream::Link {
  struct Piece {
    Instant arrival;
    std::string bytes;
  };
  enum class Tail { kOpen, kEnd, kReset };
  // What is on the way to one end.
  struct Direction {
    std::deque<Piece> pieces;
    size_t taken_of_first = 0;
    size_t size = 0;
    Instant last_arrival = Instant::FromNanoseconds(0);
    Tail tail = Tail::kOpen;
    Instant tail_arrival = Instant::Infinite();

    Instant Arrival(Instant now, absl::Duration delay) {
      last_arrival = std::max(last_arrival, now + delay);
      return last_arrival;
    }
    void Finish(Tail how, Instant now, absl::Duration delay) {
      if (tail == Tail::kReset || tail == how) return;
      tail = how;
      tail_arrival = Arrival(now, delay);
    }
  };

  Link(const MemoryStreamOptions& options, LiveStreams* live) : options(options), live(live) {}

  // The clock of whichever end has a loop; the start of time while neither has.
  Instant Now() const {
    for (const MemoryStream* end : ends) {
      if (end != nullptr && end->loop_ != nullptr) return end->loop_->Now();
    }
    return Instant::FromNanoseconds(0);
  }

  const MemoryStreamOptions options;
  LiveStreams* const live;
  Direction to[2];
  MemoryStream* ends[2] = {nullptr, nullptr};
  net::SocketAddress addresses[2];
  bool stalled = false;
};

MemoryStream::Pair MemoryStream::MakePair(const End& a, const End& b,
                                          const MemoryStreamOptions& options, LiveStreams* live) {
  const bool chance = options.min_delay < options.max_delay || options.max_piece != 0 ||
                      options.block_probability > 0 || options.reset_probability > 0;
  SIPCM_CHECK_MESSAGE(!chance || options.random != nullptr, "chance needs a source");
  SIPCM_CHECK(options.min_delay <= options.max_delay && options.capacity > 0 &&
              options.block_probability < 1);
  auto link = std::make_shared<Link>(options, live);
  link->addresses[0] = a.address;
  link->addresses[1] = b.address;
  Pair pair(new MemoryStream(link, 0, a.loop), new MemoryStream(link, 1, b.loop));
  return pair;
}

MemoryStream::MemoryStream(std::shared_ptr<Link> link, int side, event::EventLoop* loop)
    : link_(std::move(link)), side_(side), loop_(loop) {
  link_->ends[side_] = this;
  if (link_->live != nullptr) {
    number_ = link_->live->empty() ? 1 : link_->live->rbegin()->first + 1;
    link_->live->emplace(number_, this);
  }
}

MemoryStream::~MemoryStream() {
  *alive_ = false;
  if (link_->live != nullptr) link_->live->erase(number_);
  const Instant now = link_->Now();
  const bool unread = link_->to[side_].size > 0;
  link_->to[1 - side_].Finish(unread ? Link::Tail::kReset : Link::Tail::kEnd, now, DrawDelay());
  link_->to[side_].pieces.clear();
  link_->to[side_].size = 0;
  link_->ends[side_] = nullptr;
  if (peer() != nullptr) peer()->Schedule();
}

void MemoryStream::Start(Listener* listener) {
  SIPCM_CHECK_MESSAGE(listener_ == nullptr, "started twice");
  SIPCM_CHECK(listener != nullptr && loop_ != nullptr);
  listener_ = listener;
  alarm_ = loop_->NewAlarm([this] { OnAlarm(); });
  Schedule();
}

IoResult MemoryStream::Read(absl::Span<char> into) {
  SIPCM_CHECK_MESSAGE(listener_ != nullptr && !into.empty(), "read before start, or of nothing");
  if (!error_.ok()) return {Outcome::kFailed, 0};
  if (ended_) return {Outcome::kEnd, 0};
  if (!InputWaits()) return {Outcome::kWouldBlock, 0};
  Link::Direction& in = link_->to[side_];
  const Instant now = loop_->Now();
  const size_t limit = Cut(into.size());
  size_t moved = 0;
  while (moved < limit && !in.pieces.empty() && in.pieces.front().arrival <= now) {
    const Link::Piece& piece = in.pieces.front();
    const size_t count = std::min(limit - moved, piece.bytes.size() - in.taken_of_first);
    std::memcpy(into.data() + moved, piece.bytes.data() + in.taken_of_first, count);
    moved += count;
    in.taken_of_first += count;
    if (in.taken_of_first < piece.bytes.size()) break;
    in.pieces.pop_front();
    in.taken_of_first = 0;
  }
  in.size -= moved;
  if (moved > 0) {
    if (peer() != nullptr) peer()->Schedule();
    Schedule();
    return {Outcome::kDone, moved};
  }
  if (in.tail == Link::Tail::kReset) return Fail(ECONNRESET);
  ended_ = true;
  return {Outcome::kEnd, 0};
}

IoResult MemoryStream::Write(absl::string_view bytes) {
  SIPCM_CHECK_MESSAGE(listener_ != nullptr && !bytes.empty(), "write before start, or of nothing");
  SIPCM_CHECK_MESSAGE(!write_closed_, "write after CloseWrite");
  if (!error_.ok()) return {Outcome::kFailed, 0};
  if (ResetArrived()) return Fail(ECONNRESET);
  const MemoryStreamOptions& options = link_->options;
  Link::Direction& out = link_->to[1 - side_];
  const size_t room = options.capacity - std::min(options.capacity, out.size);
  const bool block =
      options.block_probability > 0 && options.random->NextFraction() < options.block_probability;
  const size_t count = room == 0 || block ? 0 : Cut(std::min(room, bytes.size()));
  wants_write_ = count < bytes.size();
  if (wants_write_) Schedule();
  if (count == 0) return {Outcome::kWouldBlock, 0};

  if (peer() == nullptr) {  // the bytes go to a closed port, which answers with a RST
    link_->to[side_].Finish(Link::Tail::kReset, loop_->Now(), DrawDelay());
    Schedule();
    return {Outcome::kDone, count};
  }
  out.pieces.push_back({out.Arrival(loop_->Now(), DrawDelay()), std::string(bytes.data(), count)});
  out.size += count;
  peer()->Schedule();
  if (options.reset_probability > 0 && options.random->NextFraction() < options.reset_probability) {
    Reset();
  }
  return {Outcome::kDone, count};
}

void MemoryStream::SetReading(bool on) {
  reading_ = on;
  Schedule();
}

void MemoryStream::CloseWrite() {
  if (write_closed_) return;
  write_closed_ = true;
  link_->to[1 - side_].Finish(Link::Tail::kEnd, link_->Now(), DrawDelay());
  if (peer() != nullptr) peer()->Schedule();
}

const net::SocketAddress& MemoryStream::local_address() const { return link_->addresses[side_]; }

const net::SocketAddress& MemoryStream::remote_address() const {
  return link_->addresses[1 - side_];
}

void MemoryStream::AttachTo(event::EventLoop* loop) {
  SIPCM_CHECK_MESSAGE(listener_ == nullptr, "started already");
  loop_ = loop;
}

void MemoryStream::Reset() {
  for (int side = 0; side < 2; ++side) {
    link_->to[side].Finish(Link::Tail::kReset, link_->Now(), DrawDelay());
    if (link_->ends[side] != nullptr) link_->ends[side]->Schedule();
  }
}

void MemoryStream::SetStalled(bool stalled) {
  link_->stalled = stalled;
  for (MemoryStream* end : link_->ends) {
    if (end != nullptr) end->Schedule();
  }
}

size_t MemoryStream::incoming_size() const { return link_->to[side_].size; }

MemoryStream* MemoryStream::peer() const { return link_->ends[1 - side_]; }

bool MemoryStream::InputWaits() const {
  const Link::Direction& in = link_->to[side_];
  const Instant now = loop_->Now();
  if (ended_ || !error_.ok() || link_->stalled) return false;
  return in.pieces.empty() ? in.tail != Link::Tail::kOpen && in.tail_arrival <= now
                           : in.pieces.front().arrival <= now;
}

bool MemoryStream::RoomWaits() const {
  return link_->to[1 - side_].size < link_->options.capacity || ResetArrived();
}

bool MemoryStream::ResetArrived() const {
  const Link::Direction& in = link_->to[side_];
  return in.tail == Link::Tail::kReset && in.tail_arrival <= loop_->Now() && !link_->stalled;
}

size_t MemoryStream::Cut(size_t count) const {
  const size_t max_piece = link_->options.max_piece;
  if (max_piece == 0) return count;
  return std::min<size_t>(count, 1 + link_->options.random->Next() % max_piece);
}

absl::Duration MemoryStream::DrawDelay() const {
  const MemoryStreamOptions& options = link_->options;
  if (options.min_delay == options.max_delay) return options.min_delay;
  return options.min_delay +
         (options.max_delay - options.min_delay) * options.random->NextFraction();
}

IoResult MemoryStream::Fail(int error) {
  error_ = net::StreamError(remote_address(), error);
  return {Outcome::kFailed, 0};
}

void MemoryStream::Schedule() {
  if (listener_ == nullptr) return;
  Instant next = Instant::Infinite();
  if (reading_ && !ended_ && error_.ok() && !link_->stalled) {
    const Link::Direction& in = link_->to[side_];
    next = in.pieces.empty() ? in.tail_arrival : in.pieces.front().arrival;
  }
  if (wants_write_ && error_.ok()) {
    if (RoomWaits()) next = loop_->Now();
    const Link::Direction& in = link_->to[side_];
    if (in.tail == Link::Tail::kReset && !link_->stalled) next = std::min(next, in.tail_arrival);
  }
  alarm_->Set(next);
}

void MemoryStream::OnAlarm() {
  const std::shared_ptr<bool> alive = alive_;
  if (reading_ && InputWaits()) listener_->OnReadable();
  if (*alive && wants_write_ && error_.ok() && RoomWaits()) {
    wants_write_ = false;
    listener_->OnWritable();
  }
  if (*alive) Schedule();
}

}  // namespace sipcm::fakes
