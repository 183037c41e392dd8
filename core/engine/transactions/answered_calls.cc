#include "core/engine/transactions/answered_calls.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/sip/parser.h"
#include "core/transaction/branch.h"
#include "core/transaction/call_key.h"
#include "core/transaction/timers.h"
#include "core/transaction/unwanted_call.h"

namespace sipcm::engine {
namespace {

// More answers than that to one INVITE are an attack.
constexpr size_t kMaxForks = 16;

}  // namespace

struct AnsweredCalls::Call final : event::TimeoutQueue::Entry {
  uint64_t key = 0;
  std::string invite;
  connection::ConnectionId connection;
  bool has_owner = false;  // of the dialog with this tag
  std::string owned_tag;
  struct Ended {
    std::string to_tag;
    std::string ack;
  };
  std::vector<Ended> ended;
};

AnsweredCalls::AnsweredCalls(event::EventLoop* loop, RandomSource* random, Host* host)
    : random_(random), host_(host), timeouts_(loop, this) {}

AnsweredCalls::~AnsweredCalls() {
  for (auto& [key, call] : calls_) timeouts_.Disarm(call.get());
}

void AnsweredCalls::Add(uint64_t key, std::string invite, ConnectionSlot& slot,
                        const sip::MessageView& success, Wanted wanted) {
  auto made = std::make_unique<Call>();
  Call& call = *made;
  call.key = key;
  call.invite = std::move(invite);
  call.connection = slot.connection->id();
  call.has_owner = wanted == Wanted::kYes;
  if (call.has_owner) {
    call.owned_tag = std::string(success.to_tag());
  } else {
    End(call, slot, success);
  }
  if (calls_.size() >= kMaxCount) return;
  calls_[key] = std::move(made);
  timeouts_.Arm(&call, transaction::kTimerM);
}

bool AnsweredCalls::OnResponse(ConnectionSlot& slot, const sip::MessageView& response) {
  uint64_t key = 0;
  if (response.cseq_method_id() != sip::Method::kInvite ||
      !transaction::ParseBranch(response.branch(), &key)) {
    return false;
  }
  const auto found = calls_.find(key);
  // Nobody else can answer for that peer.
  if (found == calls_.end() || found->second->connection != slot.connection->id()) return false;
  Call& call = *found->second;
  const bool is_success = response.status_code() >= 200 && response.status_code() < 300;
  if (!is_success || !slot.connection->can_send()) return true;
  if (call.has_owner && call.owned_tag == response.to_tag()) {
    host_->RepeatAck(transaction::CallKeyOf(response));
  } else {
    End(call, slot, response);
  }
  return true;
}

void AnsweredCalls::End(Call& call, ConnectionSlot& slot, const sip::MessageView& success) {
  const auto known =
      std::find_if(call.ended.begin(), call.ended.end(),
                   [&](const Call::Ended& ended) { return ended.to_tag == success.to_tag(); });
  if (known != call.ended.end()) {
    slot.connection->Send(known->ack);
    return;
  }
  sip::MessageView invite;
  if (call.ended.size() >= kMaxForks || !slot.connection->can_send() ||
      !sip::Parse(call.invite, call.invite.size(), invite).ok()) {
    return;
  }
  const auto branch = [this] { return transaction::BranchText(random_->Next()); };
  call.ended.push_back(
      {std::string(success.to_tag()), transaction::MakeAckOfSuccess(invite, success, branch())});
  slot.connection->Send(call.ended.back().ack);
  // A session that it was to change stands, changed or not (RFC 3261 14.1).
  if (!invite.to_tag().empty()) return;
  // Its answer is not waited for: over a reliable transport it arrives or the connection ends.
  slot.connection->Send(transaction::MakeBye(invite, success, branch()));
}

void AnsweredCalls::OnTimeout(event::TimeoutQueue::Entry& entry) {
  calls_.erase(static_cast<Call&>(entry).key);
}

}  // namespace sipcm::engine
