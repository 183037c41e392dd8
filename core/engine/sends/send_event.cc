#include "core/engine/sends/send_event.h"

#include <memory>
#include <utility>

#include "core/base/error.h"
#include "core/net/address.h"
#include "core/sip/status_code.h"
#include "core/transaction/branch.h"

namespace sipcm::engine {

SendEvent MakeSentEvent(const ConnectionSlot& slot, uint64_t cookie,
                        const transaction::ClientTransaction& transaction, bool reused) {
  SendEvent event;
  event.kind = SendEvent::Kind::kSent;
  event.cookie = cookie;
  event.is_final = transaction.method_id == sip::Method::kAck;
  event.connection = slot.connection->id();
  event.manager_id = slot.manager->state->id();
  event.reused_connection = reused;
  event.target = slot.connection->remote_address();
  if (slot.has_named_pool()) event.pool_id = slot.pool->destination().PoolId();
  event.branch = transaction::BranchText(transaction.key);
  return event;
}

SendEvent MakeResponseEvent(const ConnectionSlot& slot, uint64_t cookie,
                            const sip::MessageView& response) {
  SendEvent event;
  event.kind = SendEvent::Kind::kResponse;
  event.cookie = cookie;
  event.is_final = sip::IsFinal(response.status_code());
  event.connection = slot.connection->id();
  event.manager_id = slot.manager->state->id();
  event.bytes.assign(response.bytes().data(), response.bytes().size());
  auto view = std::make_shared<sip::MessageView>();
  view->CopyIndexFrom(response, event.bytes.data());
  event.view = std::move(view);
  return event;
}

SendEvent MakeFailureEvent(const ConnectionSlot* slot, uint64_t cookie, absl::Status why) {
  SendEvent event;
  event.kind = SendEvent::Kind::kFailure;
  event.cookie = cookie;
  event.is_final = true;
  if (slot != nullptr) {
    event.connection = slot->connection->id();
    event.manager_id = slot->manager->state->id();
    event.target = slot->connection->remote_address();
  } else if (const auto tried = net::SocketAddress::Parse(TargetOf(why)); tried.ok()) {
    event.target = *tried;
  }
  event.failure = std::move(why);
  return event;
}

}  // namespace sipcm::engine
