#include "core/transaction/invite_transaction.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/sip/header_id.h"

namespace sipcm::transaction {
namespace {

constexpr absl::Duration kTimerH = absl::Seconds(32);

}  // namespace

InviteTransactionTable::~InviteTransactionTable() {
  for (auto& [key, transaction] : by_key_) timeouts_.Disarm(transaction.get());
}

std::string InviteTransactionTable::KeyOf(const sip::MessageView& request) {
  const sip::Via via = request.top_via();
  if (via.has_unique_branch()) {
    return absl::StrCat(via.branch, "|", absl::AsciiStrToLower(via.host), "|", via.port);
  }
  // An RFC 2543 peer (17.2.3): what an INVITE shares with its CANCEL and ACK.
  return absl::StrCat(request.call_id(), "|", request.cseq_number(), "|", request.from_tag(), "|",
                      via.element, "|", request.request_uri());
}

bool InviteTransactionTable::Add(const sip::MessageView& invite, uint64_t request_id) {
  std::string key = KeyOf(invite);
  std::unique_ptr<InviteTransaction>& slot = by_key_[key];
  if (slot != nullptr) return false;
  slot = std::make_unique<InviteTransaction>();
  slot->request_id = request_id;
  slot->key = std::move(key);
  return true;
}

InviteTransaction* InviteTransactionTable::Match(const sip::MessageView& follower) {
  const auto found = by_key_.find(KeyOf(follower));
  return found == by_key_.end() ? nullptr : found->second.get();
}

void InviteTransactionTable::Finish(const sip::MessageView& invite, int status_code) {
  InviteTransaction* transaction = Match(invite);
  if (transaction == nullptr) return;
  if (status_code < 300) {
    Remove(transaction);
    return;
  }
  transaction->state = InviteTransaction::State::kCompleted;
  transaction->request_id = 0;
  timeouts_.Arm(transaction, kTimerH);
}

void InviteTransactionTable::Remove(InviteTransaction* transaction) {
  timeouts_.Disarm(transaction);
  by_key_.erase(std::string(transaction->key));
}

void InviteTransactionTable::OnTimeout(event::TimeoutQueue::Entry& entry) {
  Remove(&static_cast<InviteTransaction&>(entry));
}

}  // namespace sipcm::transaction
