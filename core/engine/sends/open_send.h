#ifndef SIPCM_CORE_ENGINE_SENDS_OPEN_SEND_H_
#define SIPCM_CORE_ENGINE_SENDS_OPEN_SEND_H_

#include <cstdint>
#include <memory>

#include "core/base/instant.h"
#include "core/connection/connection_id.h"
#include "core/dispatch/endpoint.h"
#include "core/engine/connection_table.h"
#include "core/engine/dialogs/dialog_send.h"
#include "core/engine/message_order.h"
#include "core/engine/registered/send_credentials.h"
#include "core/engine/sends/sent_invite.h"
#include "core/engine/throttling/send_pacer.h"
#include "core/pool/connection_pool.h"
#include "core/sip/request_builder.h"
#include "core/transaction/client_transaction.h"

namespace sipcm::engine {

// A send as it reaches the worker that will do it.
struct PlannedSend {
  SendOrder order;
  std::shared_ptr<const dispatch::Endpoint> endpoint;
  LocalManager* manager = nullptr;  // set by the worker
  std::shared_ptr<SendSink> sink;
  // Not valid: none. The peer's own connection, to be tried before the destination's pool, which is
  // at home on that worker (RFC 5923).
  connection::ConnectionId reuse;
  int home = 0;
  // Of its dialog: taken instead of the destination while it is alive, and then the order's
  // connection.
  connection::ConnectionId flow = {};
  // kYes: CheckOrder() took it, and nothing of it has changed since.
  sip::Judged judged = sip::Judged::kNo;
  // Its connection was lost before a byte of it went out; not a second time.
  bool retried = false;
};

// One that has no final event yet, and its client transaction. Outbound's.
struct OpenSend : transaction::ClientTransaction, PacedSend {
  PlannedSend planned;
  std::unique_ptr<DialogSend> dialog;  // null: it has nothing to do with dialogs
  Instant asked_at;
  Instant sent_at;
  std::unique_ptr<pool::ConnectionPool::Waiter> waiter;  // while it waits for a connection
  ConnectionSlot* slot = nullptr;                        // once it was put on one
  uint64_t begins_at = 0;  // its place in the bytes that its connection sends
  uint64_t ends_at = 0;
  SentInvite invite;
  std::unique_ptr<SendCredentials> credentials;  // null: its application answers challenges
  // The application has its final event; the INVITE is still to be cancelled and acknowledged.
  bool given_up = false;

  // How much of it was handed to the network.
  SendEvent::Written written() const;
  // Once, and only where the pool may have another connection for it (reliability.md 32).
  bool may_be_retried() const;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_SENDS_OPEN_SEND_H_
