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

std::string InviteTransactionTable::KeyOf(const sip::MessageView& request, uint64_t flow) {
  const sip::Via via = request.top_via();
  if (via.has_unique_branch()) {
    return absl::StrCat(flow, "|", via.branch, "|", absl::AsciiStrToLower(via.host), "|", via.port);
  }
  // An RFC 2543 peer (17.2.3): what an INVITE shares with its CANCEL and ACK.
  return absl::StrCat(flow, "|", request.call_id(), "|", request.cseq_number(), "|",
                      request.from_tag(), "|", via.element, "|", request.request_uri());
}

std::string InviteTransactionTable::CallOf(const sip::MessageView& invite) {
  // Inside a dialog the To tag says that it was routed here on purpose (8.2.2.2).
  if (!invite.to_tag().empty()) return std::string();
  return absl::StrCat(invite.call_id(), "|", invite.cseq_number(), "|", invite.from_tag());
}

InviteTransactionTable::Added InviteTransactionTable::Add(const sip::MessageView& invite,
                                                          uint64_t flow, uint64_t request_id) {
  std::string key = KeyOf(invite, flow);
  std::string call = CallOf(invite);
  if (by_key_.contains(key)) return Added::kRetransmission;
  if (proceeding_calls_.contains(call)) return Added::kMerged;
  if (!call.empty()) proceeding_calls_.insert(call);
  std::unique_ptr<InviteTransaction>& slot = by_key_[key];
  slot = std::make_unique<InviteTransaction>();
  slot->request_id = request_id;
  slot->key = std::move(key);
  slot->call = std::move(call);
  return Added::kNew;
}

InviteTransaction* InviteTransactionTable::Match(const sip::MessageView& follower, uint64_t flow) {
  const auto found = by_key_.find(KeyOf(follower, flow));
  return found == by_key_.end() ? nullptr : found->second.get();
}

void InviteTransactionTable::Finish(const sip::MessageView& invite, uint64_t flow,
                                    int status_code) {
  InviteTransaction* transaction = Match(invite, flow);
  if (transaction == nullptr) return;
  if (status_code < 300 || timeouts_.size() >= kMaxCompleted) {
    Remove(transaction);
    return;
  }
  proceeding_calls_.erase(transaction->call);
  std::string().swap(transaction->call);  // gives its memory back
  transaction->state = InviteTransaction::State::kCompleted;
  transaction->request_id = 0;
  timeouts_.Arm(transaction, kTimerH);
}

void InviteTransactionTable::Remove(InviteTransaction* transaction) {
  timeouts_.Disarm(transaction);
  proceeding_calls_.erase(transaction->call);
  by_key_.erase(std::string(transaction->key));
}

void InviteTransactionTable::OnTimeout(event::TimeoutQueue::Entry& entry) {
  Remove(&static_cast<InviteTransaction&>(entry));
}

}  // namespace sipcm::transaction
