#ifndef SIPCM_CORE_ENGINE_TRANSACTIONS_SENT_ACKS_H_
#define SIPCM_CORE_ENGINE_TRANSACTIONS_SENT_ACKS_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "core/connection/connection_id.h"
#include "core/engine/connection_table.h"
#include "core/event/timeout_queue.h"

namespace sipcm::engine {

// The ACKs that applications sent for a 2xx, kept 64*T1 on the worker that sent them, because each
// copy of the 2xx asks for its ACK again (RFC 3261 13.2.2.4). Thread: the worker's.
class SentAcks final : private event::TimeoutQueue::Listener {
 public:
  // Beyond either an ACK is not kept, and a copy of its 2xx stays without one.
  static constexpr size_t kMaxCount = 16384;
  static constexpr size_t kMaxBytes = 32 << 20;

  // Both outlive this.
  SentAcks(event::EventLoop* loop, ConnectionTable* connections);
  ~SentAcks();

  // `ack`, a whole request, went out by that connection.
  void Add(absl::string_view ack, connection::ConnectionId connection);
  // Sends the one of that CallKeyOf() again, if its connection is still there. False: there is
  // none.
  bool Repeat(const std::string& call_key);
  size_t size() const { return acks_.size(); }

 private:
  struct Ack;

  void OnTimeout(event::TimeoutQueue::Entry& entry) override;

  ConnectionTable* const connections_;
  event::TimeoutQueue timeouts_;
  absl::flat_hash_map<std::string, std::unique_ptr<Ack>> acks_;
  size_t bytes_ = 0;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_TRANSACTIONS_SENT_ACKS_H_
