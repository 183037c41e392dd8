#include "core/engine/transactions/sent_acks.h"

#include <utility>

#include "core/sip/parser.h"
#include "core/transaction/call_key.h"
#include "core/transaction/timers.h"

namespace sipcm::engine {

struct SentAcks::Ack final : event::TimeoutQueue::Entry {
  std::string key;
  std::string bytes;
  connection::ConnectionId connection;
};

SentAcks::SentAcks(event::EventLoop* loop, ConnectionTable* connections)
    : connections_(connections), timeouts_(loop, this) {}

SentAcks::~SentAcks() {
  for (auto& [key, ack] : acks_) timeouts_.Disarm(ack.get());
}

void SentAcks::Add(absl::string_view ack, connection::ConnectionId connection) {
  sip::MessageView view;
  const size_t header_length = ack.find("\r\n\r\n") + 4;
  // An application's raw ACK may be odd; its owner has to send it again itself.
  if (!sip::Parse(ack, header_length, view).ok()) return;
  if (acks_.size() >= kMaxCount || bytes_ + ack.size() > kMaxBytes) return;
  std::string key = transaction::CallKeyOf(view);
  std::unique_ptr<Ack>& slot = acks_[key];
  if (slot == nullptr) {
    slot = std::make_unique<Ack>();
    slot->key = std::move(key);
  }
  bytes_ += ack.size() - slot->bytes.size();
  slot->bytes = std::string(ack);
  slot->connection = connection;
  timeouts_.Arm(slot.get(), transaction::kTimerM);
}

bool SentAcks::Repeat(const std::string& call_key) {
  const auto found = acks_.find(call_key);
  if (found == acks_.end()) return false;
  ConnectionSlot* const slot = connections_->Find(found->second->connection);
  if (slot != nullptr && slot->connection->can_send()) {
    slot->connection->Send(found->second->bytes);
  }
  return true;
}

void SentAcks::OnTimeout(event::TimeoutQueue::Entry& entry) {
  const auto& ack = static_cast<Ack&>(entry);
  bytes_ -= ack.bytes.size();
  acks_.erase(std::string(ack.key));
}

}  // namespace sipcm::engine
