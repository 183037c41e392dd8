#ifndef SIPCM_CORE_CONNECTION_CONNECTION_ENVIRONMENT_H_
#define SIPCM_CORE_CONNECTION_CONNECTION_ENVIRONMENT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "core/event/event_loop.h"
#include "core/sip/message_view.h"

namespace sipcm::connection {

// What all connections of one worker share, so that none needs it of its own: the loop, one read
// buffer (performance.md, design 6), one message view, spare write buffers, the list of those with
// bytes to flush. Thread: its loop's. Outlives its connections.
class ConnectionEnvironment {
 public:
  static constexpr size_t kReadBufferBytes = 64 * 1024;

  // Runs once at the end of a turn in which it was scheduled. Unscheduled when destroyed.
  class TurnEndTask {
   public:
    explicit TurnEndTask(ConnectionEnvironment* environment) : environment_(environment) {}
    TurnEndTask(const TurnEndTask&) = delete;
    TurnEndTask& operator=(const TurnEndTask&) = delete;

   protected:
    ~TurnEndTask();
    void ScheduleTurnEnd();
    ConnectionEnvironment& environment() const { return *environment_; }

   private:
    friend class ConnectionEnvironment;
    // May destroy this, and schedule this and others again.
    virtual void OnTurnEnd() = 0;

    ConnectionEnvironment* const environment_;
    int slot_ = -1;
  };

  explicit ConnectionEnvironment(event::EventLoop* loop);
  ~ConnectionEnvironment();

  event::EventLoop* loop() const { return loop_; }
  absl::Span<char> read_buffer() { return absl::MakeSpan(read_buffer_.get(), kReadBufferBytes); }
  sip::MessageView& scratch_message() { return scratch_message_; }

  // Write buffers go round among the connections that are busy, so that a message costs no
  // allocation and an idle connection keeps no buffer. `buffer` is an
  // empty string: the one gives it capacity, the other takes its capacity away.
  void LendBuffer(std::string* buffer);
  void TakeBackBuffer(std::string* buffer);

 private:
  static constexpr size_t kMaxSpareBuffers = 64;
  static constexpr size_t kMaxSpareBufferBytes = 16 * 1024;

  void Schedule();
  void RunTurnEnd();

  event::EventLoop* const loop_;
  std::unique_ptr<char[]> read_buffer_;
  sip::MessageView scratch_message_;
  std::vector<std::string> spare_buffers_;
  std::vector<TurnEndTask*> turn_end_;  // null where destroyed
  bool turn_end_scheduled_ = false;
  // For the task that waits in the loop: null once this is gone. Small enough not to be allocated
  // with each task.
  const std::shared_ptr<ConnectionEnvironment*> self_ =
      std::make_shared<ConnectionEnvironment*>(this);
};

}  // namespace sipcm::connection

#endif  // SIPCM_CORE_CONNECTION_CONNECTION_ENVIRONMENT_H_
