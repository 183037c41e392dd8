#ifndef SIPCM_CORE_ENGINE_SENDS_SEND_OUTBOX_H_
#define SIPCM_CORE_ENGINE_SENDS_SEND_OUTBOX_H_

#include <memory>
#include <utility>
#include <vector>

#include "core/engine/message_order.h"
#include "core/event/event_loop.h"

namespace sipcm::engine {

// What one turn has to tell of sends: goes to each sink in one call. Thread: the loop's.
class SendOutbox {
 public:
  // `loop` outlives this, and runs no further turn once this is destroyed.
  explicit SendOutbox(event::EventLoop* loop) : loop_(loop) {}

  void Tell(const std::shared_ptr<SendSink>& sink, SendEvent event);

 private:
  void Flush();

  event::EventLoop* const loop_;
  std::vector<std::pair<std::shared_ptr<SendSink>, std::vector<SendEvent>>> events_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_SENDS_SEND_OUTBOX_H_
