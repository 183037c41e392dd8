#ifndef SIPCM_TESTS_FAKES_MEMORY_STREAM_H_
#define SIPCM_TESTS_FAKES_MEMORY_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/base/random_source.h"
#include "core/event/event_loop.h"
#include "core/net/address.h"
#include "core/net/byte_stream.h"

namespace sipcm::fakes {

// How a pair of memory streams behaves. By default: at once, whole, faultless.
struct MemoryStreamOptions {
  // Bytes on the way in one direction, as a socket's buffers; a Write beyond them would block.
  size_t capacity = 64 * 1024;
  // Each written piece takes this long, uniform between the two; pieces stay in order.
  absl::Duration min_delay;
  absl::Duration max_delay;
  // Each Read and Write moves 1 to this many bytes, drawn anew; 0: all it can.
  size_t max_piece = 0;
  // Chance that a Write would block although there is room (OnWritable follows), and that the
  // connection breaks with a Write (both sides see a reset).
  double block_probability = 0;
  double reset_probability = 0;
  // Where chance comes from; must outlive the streams. Required when anything above is chance.
  RandomSource* random = nullptr;
};

// One end of a connection within one process, with TCP's manners: FIN in order, RST when an end is
// destroyed with unread input or written to after it is gone, back-pressure, level-triggered
// OnReadable. Both ends live in one thread, on loops of one clock. Either may be destroyed first.
class MemoryStream final : public net::ByteStream {
 public:
  struct End {
    event::EventLoop* loop = nullptr;  // null: given later, with AttachTo(), before Start()
    net::SocketAddress address;
  };
  using Pair = std::pair<std::unique_ptr<MemoryStream>, std::unique_ptr<MemoryStream>>;

  // The streams of one network that are alive, by age.
  using LiveStreams = std::map<uint64_t, MemoryStream*>;

  // `live`: both ends are listed there while they live, so it must outlive them.
  static Pair MakePair(const End& a, const End& b, const MemoryStreamOptions& options = {},
                       LiveStreams* live = nullptr);
  ~MemoryStream() override;

  // ByteStream. Always ready.
  void Start(Listener* listener) override;
  bool is_ready() const override { return true; }
  net::IoResult Read(absl::Span<char> into) override;
  net::IoResult Write(absl::string_view bytes) override;
  net::IoResult WriteBeforeMore(absl::string_view bytes) override {
    ++write_before_more_count_;
    return Write(bytes);  // nothing waits here
  }
  void SetReading(bool on) override;
  void CloseWrite() override;
  absl::Status error() const override { return error_; }
  const net::SocketAddress& local_address() const override;
  const net::SocketAddress& remote_address() const override;

  int write_before_more_count() const { return write_before_more_count_; }
  void AttachTo(event::EventLoop* loop);
  // The connection breaks as by a RST on its way to both ends: the peer's and this one's next
  // Read or Write fails with reason RESET, once what is on the way has been read.
  void Reset();
  // While stalled, what either end writes is taken up to `capacity` but does not arrive: a
  // half-open peer or a cut cable (reliability.md 13). Goes on where it stopped when turned off.
  void SetStalled(bool stalled);
  // Bytes that this end could read now or later: those on the way to it.
  size_t incoming_size() const;

 private:
  struct Link;

  MemoryStream(std::shared_ptr<Link> link, int side, event::EventLoop* loop);

  MemoryStream* peer() const;
  bool InputWaits() const;
  bool RoomWaits() const;
  bool ResetArrived() const;
  size_t Cut(size_t count) const;
  absl::Duration DrawDelay() const;
  net::IoResult Fail(int error);
  // Sets the alarm for the next thing to tell.
  void Schedule();
  void OnAlarm();

  const std::shared_ptr<Link> link_;
  const int side_;
  uint64_t number_ = 0;  // in the network's list
  event::EventLoop* loop_;
  std::unique_ptr<event::Alarm> alarm_;
  Listener* listener_ = nullptr;
  int write_before_more_count_ = 0;
  bool reading_ = true;
  bool wants_write_ = false;
  bool write_closed_ = false;
  bool ended_ = false;
  absl::Status error_;
  // Tells a call into the listener that this is gone.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sipcm::fakes

#endif  // SIPCM_TESTS_FAKES_MEMORY_STREAM_H_
