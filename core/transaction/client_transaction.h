#ifndef SIPCM_CORE_TRANSACTION_CLIENT_TRANSACTION_H_
#define SIPCM_CORE_TRANSACTION_CLIENT_TRANSACTION_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "core/base/intrusive_list.h"
#include "core/base/random_source.h"
#include "core/event/timeout_queue.h"
#include "core/sip/message_view.h"
#include "core/sip/method.h"

namespace sipcm::transaction {

struct FlowTag;

// A request of ours that has no final answer yet, over a reliable transport (RFC 3261 17.1: no
// retransmissions; timers B and F are its one timeout). The owner derives from it.
struct ClientTransaction : event::TimeoutQueue::Entry, ListHook<FlowTag> {
  virtual ~ClientTransaction() = default;
  uint64_t key = 0;  // of its branch; 0: in no table
  sip::Method method_id = sip::Method::kOther;
  std::string method;
  bool has_provisional = false;
};

// A worker's client transactions, by branch. Owns them. Thread: the worker's.
class ClientTransactionTable {
 public:
  // `random` outlives this.
  explicit ClientTransactionTable(RandomSource* random) : random_(random) {}

  // Gives it a fresh branch (see `key`) and keeps it.
  void Add(std::unique_ptr<ClientTransaction> transaction);
  // Another branch for the request that follows it, e.g. with credentials: what answers the former
  // one matches no more.
  void Renew(ClientTransaction* transaction);
  // Out of the table and destroyed; disarmed and out of every list before.
  void Remove(ClientTransaction* transaction) { by_key_.erase(transaction->key); }
  // By the branch of the top Via and the method of CSeq (RFC 3261 17.1.3); null: none.
  ClientTransaction* Match(const sip::MessageView& response) const;
  size_t size() const { return by_key_.size(); }
  // Any one of them; null when empty.
  ClientTransaction* Any() const {
    return by_key_.empty() ? nullptr : by_key_.begin()->second.get();
  }

 private:
  RandomSource* const random_;
  absl::flat_hash_map<uint64_t, std::unique_ptr<ClientTransaction>> by_key_;
};

// The ACK for a final answer of 300 and above, which belongs to the INVITE's transaction
// (RFC 3261 17.1.1.3), and the CANCEL of an INVITE (9.1). Pure; `invite` is the request as sent.
std::string MakeAck(const sip::MessageView& invite, const sip::MessageView& response);
std::string MakeCancel(const sip::MessageView& invite);

}  // namespace sipcm::transaction

#endif  // SIPCM_CORE_TRANSACTION_CLIENT_TRANSACTION_H_
