#include "core/engine/throttling/connection_load.h"

#include <string>
#include <utility>

#include "core/base/check.h"
#include "core/sip/parser.h"
#include "core/tls/peer_identity.h"

namespace sipcm::engine {

void ConnectionLoad::Begin(ConnectionSlot& slot, TransactionSide side) {
  slot.connection->AddTransaction();
  if (side == TransactionSide::kReceived) ++slot.received_count;
  Weigh(slot);
}

void ConnectionLoad::End(ConnectionSlot& slot, TransactionSide side) {
  if (side == TransactionSide::kReceived) {
    SIPCM_CHECK(slot.received_count > 0);
    --slot.received_count;
    if (slot.client_throttled) WeighClient(slot);
  }
  slot.connection->RemoveTransaction();
  Weigh(slot);
}

void ConnectionLoad::WeighClient(ConnectionSlot& slot) {
  const int limit = slot.manager->runtime.Get()->config.max_client_request_count;
  if (limit > 0 && slot.received_count >= limit) return;
  slot.client_throttled = false;
  host_->OnThrottling(slot, ThrottleMechanism::kClientConnection, ThrottleChange::kEnded,
                      slot.received_count, {limit, limit});
}

void ConnectionLoad::Forget(ConnectionSlot& slot) {
  const int limit = slot.manager->runtime.Get()->config.max_client_request_count;
  if (std::exchange(slot.client_throttled, false)) {
    host_->OnThrottling(slot, ThrottleMechanism::kClientConnection, ThrottleChange::kEnded, 0,
                        {limit, limit});
  }
  if (std::exchange(slot.throttled, false)) {
    host_->OnThrottling(slot, ThrottleMechanism::kConnection, ThrottleChange::kEnded, 0,
                        slot.marks);
  }
  slot.marks = ThrottleMarks();
}

void ConnectionLoad::SetMarks(ConnectionSlot& slot, const absl::optional<ThrottleMarks>& own) {
  slot.has_own_marks = own.has_value();
  slot.marks = own.value_or(slot.manager->runtime.Get()->config.connection_throttling);
  Weigh(slot);
}

void ConnectionLoad::ApplyMarks(LocalManager* manager) {
  for (const connection::ConnectionId id : connections_->Ids()) {
    // Those that waited go on, which may end others.
    ConnectionSlot* const slot = connections_->Find(id);
    if (slot == nullptr || slot->manager != manager || slot->has_own_marks) continue;
    SetMarks(*slot, absl::nullopt);
  }
}

void ConnectionLoad::Weigh(ConnectionSlot& slot) {
  const int count = slot.outstanding_count();
  const ThrottleChange change = Judge(slot.marks, slot.throttled, count);
  if (change == ThrottleChange::kNone) return;
  slot.throttled = change == ThrottleChange::kStarted;
  if (slot.pool != nullptr) slot.pool->SetThrottled(slot.connection.get(), slot.throttled);
  host_->OnThrottling(slot, ThrottleMechanism::kConnection, change, count, slot.marks);
  if (!slot.throttled) ReleaseSoon(slot);
}

bool ConnectionLoad::HoldsAny(const ConnectionSlot& slot) const {
  return slot.held != nullptr && !slot.held->empty();
}

ConnectionLoad::Admission ConnectionLoad::Admit(ConnectionSlot& slot,
                                                const sip::MessageView& request) {
  if (IsClientOverLimit(slot)) {
    const int limit = slot.manager->runtime.Get()->config.max_client_request_count;
    if (!std::exchange(slot.client_throttled, true)) {
      host_->OnThrottling(slot, ThrottleMechanism::kClientConnection, ThrottleChange::kStarted,
                          slot.received_count + 1, {limit, limit});
    }
    return Admission::kOverClientLimit;
  }
  // Behind those that wait, so that they keep their order.
  return slot.throttled || HoldsAny(slot) ? Hold(slot, request) : Admission::kNow;
}

// Whether it is an unknown client with as many requests outstanding as it may have.
bool ConnectionLoad::IsClientOverLimit(const ConnectionSlot& slot) const {
  const int limit = slot.manager->runtime.Get()->config.max_client_request_count;
  if (limit == 0 || slot.received_count < limit ||
      slot.connection->direction() != connection::Direction::kIncoming) {
    return false;
  }
  const std::shared_ptr<const tls::PeerIdentity>& peer = slot.connection->peer();
  return peer == nullptr || peer->matched_allowed_domain.empty();
}

ConnectionLoad::Admission ConnectionLoad::Hold(ConnectionSlot& slot,
                                               const sip::MessageView& request) {
  if (slot.held == nullptr) slot.held = std::make_unique<std::deque<HeldRequest>>();
  size_t bytes = request.bytes().size();
  for (const HeldRequest& held : *slot.held) {
    if (held.bytes == request.bytes()) return Admission::kHeld;
    bytes += held.bytes.size();
  }
  if (slot.held->size() >= kMaxHeldRequests || bytes > kMaxHeldBytes) return Admission::kRefused;
  slot.held->push_back({std::string(request.bytes()), request.header_section().size()});
  // A connection that drains must not end before they are answered.
  if (!std::exchange(slot.held_transaction, true)) slot.connection->AddTransaction();
  return Admission::kHeld;
}

void ConnectionLoad::EndHolding(ConnectionSlot& slot) {
  slot.held->clear();
  if (std::exchange(slot.held_transaction, false)) slot.connection->RemoveTransaction();
}

void ConnectionLoad::ReleaseSoon(ConnectionSlot& slot) {
  if (!HoldsAny(slot)) return;
  loop_->Post([this, alive = alive_, id = slot.connection->id()] {
    if (*alive) Release(id);
  });
}

void ConnectionLoad::Release(connection::ConnectionId id) {
  // Each may close the connection, or have it throttled again.
  for (;;) {
    ConnectionSlot* const slot = connections_->Find(id);
    if (slot == nullptr || slot->held == nullptr) return;
    if (slot->held->empty() || !slot->connection->can_send()) return EndHolding(*slot);
    if (slot->throttled) return;
    const HeldRequest held = std::move(slot->held->front());
    slot->held->pop_front();
    SIPCM_CHECK(sip::Parse(held.bytes, held.header_length, view_).ok());
    host_->OnHeldRequest(*slot, view_);
  }
}

}  // namespace sipcm::engine
