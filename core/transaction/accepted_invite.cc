#include "core/transaction/accepted_invite.h"

#include <algorithm>
#include <utility>

#include "core/transaction/timers.h"

namespace sipcm::transaction {

AcceptedInviteTable::~AcceptedInviteTable() {
  for (auto& [key, invite] : by_key_) timeouts_.Disarm(invite.get());
}

bool AcceptedInviteTable::Add(std::string key, std::unique_ptr<AcceptedInvite> invite,
                              std::string response) {
  if (by_key_.size() >= kMaxCount || bytes_ + BytesOf(key) > kMaxBytes) return false;
  std::unique_ptr<AcceptedInvite>& slot = by_key_[key];
  if (slot != nullptr) return false;
  bytes_ += BytesOf(key);
  slot = std::move(invite);
  slot->key = std::move(key);
  slot->interval = kT1;
  slot->waited = kT1;
  if (bytes_ + response.size() <= kMaxBytes) {
    bytes_ += response.size();
    slot->response = std::move(response);
  }
  ++unacknowledged_count_;
  timeouts_.Arm(slot.get(), kT1);
  return true;
}

void AcceptedInviteTable::DropResponse(AcceptedInvite& invite) {
  bytes_ -= invite.response.size();
  std::string().swap(invite.response);  // gives its memory back
}

bool AcceptedInviteTable::Awaits(const std::string& key) const {
  const auto found = by_key_.find(key);
  return found != by_key_.end() && !found->second->is_acknowledged;
}

AcceptedInvite* AcceptedInviteTable::Acknowledge(const std::string& key, bool* is_first) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  AcceptedInvite& invite = *found->second;
  *is_first = !std::exchange(invite.is_acknowledged, true);
  if (*is_first) {
    --unacknowledged_count_;
    DropResponse(invite);
    timeouts_.Arm(&invite, kAckLimit);
  }
  return &invite;
}

void AcceptedInviteTable::OnTimeout(event::TimeoutQueue::Entry& entry) {
  auto& invite = static_cast<AcceptedInvite&>(entry);
  if (!invite.is_acknowledged && invite.waited < kAckLimit) {
    invite.interval = std::min({2 * invite.interval, kT2, kAckLimit - invite.waited});
    invite.waited += invite.interval;
    timeouts_.Arm(&invite, invite.interval);
    if (!invite.response.empty()) owner_->RepeatResponse(invite);
    return;
  }
  if (!invite.is_acknowledged) {
    --unacknowledged_count_;
    owner_->OnAckMissing(invite);
  }
  DropResponse(invite);
  bytes_ -= BytesOf(invite.key);
  by_key_.erase(std::string(invite.key));
}

}  // namespace sipcm::transaction
