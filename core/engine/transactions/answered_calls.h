#ifndef SIPCM_CORE_ENGINE_TRANSACTIONS_ANSWERED_CALLS_H_
#define SIPCM_CORE_ENGINE_TRANSACTIONS_ANSWERED_CALLS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "core/base/random_source.h"
#include "core/engine/connection_table.h"
#include "core/event/timeout_queue.h"
#include "core/sip/message_view.h"

namespace sipcm::engine {

// The INVITEs of ours that got a 2xx, for timer M (RFC 6026 7.2). A copy of the 2xx gets the
// application's ACK again (RFC 3261 13.2.2.4). A 2xx that nobody waits for, because the INVITE was
// given up before or was forked and another one came first, is acknowledged and ended with BYE, so
// that nobody is left with a call that does not exist; of an INVITE within a call it is only
// acknowledged. Thread: the worker's.
class AnsweredCalls final : private event::TimeoutQueue::Listener {
 public:
  // Beyond it a further 2xx finds no transaction.
  static constexpr size_t kMaxCount = 16384;

  class Host {
   public:
    // Has the ACK that was sent for that CallKeyOf() sent once more, if any was.
    virtual void RepeatAck(const std::string& call_key) = 0;

   protected:
    ~Host() = default;
  };

  // All outlive this.
  AnsweredCalls(event::EventLoop* loop, RandomSource* random, Host* host);
  ~AnsweredCalls();

  enum class Wanted : uint8_t { kYes, kNo };
  // `invite`, as it was sent with branch `key`, got its first 2xx on `slot`.
  void Add(uint64_t key, std::string invite, ConnectionSlot& slot, const sip::MessageView& success,
           Wanted wanted);
  // A response whose transaction is over. False: it is of none of these.
  bool OnResponse(ConnectionSlot& slot, const sip::MessageView& response);
  size_t size() const { return calls_.size(); }

 private:
  struct Call;

  void OnTimeout(event::TimeoutQueue::Entry& entry) override;
  void End(Call& call, ConnectionSlot& slot, const sip::MessageView& success);

  RandomSource* const random_;
  Host* const host_;
  event::TimeoutQueue timeouts_;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Call>> calls_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_TRANSACTIONS_ANSWERED_CALLS_H_
