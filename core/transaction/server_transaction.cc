#include "core/transaction/server_transaction.h"

#include <algorithm>

#include "absl/hash/hash.h"
#include "absl/strings/ascii.h"
#include "core/base/check.h"
#include "core/sip/method.h"
#include "core/transaction/timers.h"

namespace sipcm::transaction {
namespace {

constexpr absl::string_view kInvite = "INVITE";

// The hash of a host name, which is compared without case.
uint64_t HashOfHost(absl::string_view host) {
  constexpr size_t kLongest = 64;  // longer ones are told apart by their length and first bytes
  char lower[kLongest];
  const size_t size = std::min(host.size(), kLongest);
  std::transform(host.begin(), host.begin() + size, lower,
                 [](unsigned char c) { return absl::ascii_tolower(c); });
  return absl::HashOf(absl::string_view(lower, size), host.size());
}

}  // namespace

ServerTransactionTable::ServerTransactionTable(event::EventLoop* loop, RandomSource* random,
                                               OngoingRequests* ongoing, Owner* owner)
    : owner_(owner), ongoing_(ongoing), seed_(random->Next()), timeouts_(loop, this) {}

ServerTransactionTable::~ServerTransactionTable() {
  for (auto& [key, transaction] : by_key_) {
    timeouts_.Disarm(transaction.get());
    LeaveOngoing(transaction.get());
  }
}

ServerKey ServerTransactionTable::KeyOf(const sip::MessageView& request, uint64_t flow,
                                        absl::string_view method) const {
  const sip::Via via = request.top_via();
  if (via.has_unique_branch()) {
    return {flow, absl::HashOf(seed_, via.branch, HashOfHost(via.host), via.port, method)};
  }
  // An RFC 2543 peer (17.2.3): what a request shares with its copies, its CANCEL and its ACK.
  return {flow, absl::HashOf(seed_, request.call_id(), request.cseq_number(), request.from_tag(),
                             via.element, request.request_uri(), method)};
}

ServerTransaction* ServerTransactionTable::Find(const ServerKey& key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : found->second.get();
}

ServerTransaction* ServerTransactionTable::Match(const sip::MessageView& request,
                                                 uint64_t flow) const {
  if (by_key_.empty()) return nullptr;
  const bool is_ack = request.method_id() == sip::Method::kAck;
  return Find(KeyOf(request, flow, is_ack ? kInvite : request.method()));
}

ServerTransaction* ServerTransactionTable::MatchCancelled(const sip::MessageView& cancel,
                                                          uint64_t flow) const {
  if (by_key_.empty()) return nullptr;
  // Of any method but CANCEL and ACK; nearly always INVITE, which is the first.
  for (int i = 0; i < static_cast<int>(sip::Method::kOther); ++i) {
    const auto method = static_cast<sip::Method>(i);
    if (method == sip::Method::kAck || method == sip::Method::kCancel) continue;
    ServerTransaction* const found = Find(KeyOf(cancel, flow, sip::MethodName(method)));
    if (found != nullptr) return found;
  }
  return nullptr;
}

ServerTransaction* ServerTransactionTable::Add(const sip::MessageView& request, uint64_t flow,
                                               absl::string_view endpoint_id, uint64_t request_id) {
  uint64_t fingerprint = ongoing_->FingerprintOf(request, endpoint_id);
  const OngoingRequests::Entry entry = ongoing_->Enter(fingerprint);
  if (entry == OngoingRequests::Entry::kMerged) return nullptr;
  if (entry == OngoingRequests::Entry::kNoRoom) fingerprint = 0;
  const ServerKey key = KeyOf(request, flow, request.method());
  std::unique_ptr<ServerTransaction>& slot = by_key_[key];
  SIPCM_CHECK_MESSAGE(slot == nullptr, "a copy was added");
  slot = std::make_unique<ServerTransaction>();
  slot->is_invite = request.method_id() == sip::Method::kInvite;
  slot->request_id = request_id;
  slot->key = key;
  slot->fingerprint = fingerprint;
  timeouts_.Arm(slot.get(), slot->is_invite ? kInviteTryingDelay : kOtherTryingDelay);
  return slot.get();
}

void ServerTransactionTable::OnProvisional(ServerTransaction* transaction,
                                           absl::string_view response) {
  SIPCM_CHECK(transaction->is_open());
  transaction->state = ServerTransaction::State::kProceeding;
  timeouts_.Disarm(transaction);
  transaction->last_provisional.assign(response.data(), response.size());
}

void ServerTransactionTable::Finish(ServerTransaction* transaction, int status_code) {
  SIPCM_CHECK(transaction->is_open());
  const bool lingers = transaction->is_invite && lingering_count_ < kMaxLingering;
  if (!lingers) return Remove(transaction);
  transaction->request_id = 0;
  std::string().swap(transaction->last_provisional);  // gives its memory back
  ++lingering_count_;
  if (status_code < 300) {
    transaction->state = ServerTransaction::State::kAccepted;
    timeouts_.Arm(transaction, kTimerL);
    return;
  }
  transaction->state = ServerTransaction::State::kCompleted;
  timeouts_.Arm(transaction, kTimerH);
  // A proxy may try another way, and come sooner than its ACK.
  LeaveOngoing(transaction);
}

void ServerTransactionTable::LeaveOngoing(ServerTransaction* transaction) {
  if (transaction->fingerprint != 0) ongoing_->Leave(transaction->fingerprint);
  transaction->fingerprint = 0;
}

void ServerTransactionTable::Remove(ServerTransaction* transaction) {
  timeouts_.Disarm(transaction);
  LeaveOngoing(transaction);
  if (!transaction->is_open()) --lingering_count_;
  by_key_.erase(ServerKey(transaction->key));
}

void ServerTransactionTable::OnTimeout(event::TimeoutQueue::Entry& entry) {
  auto& transaction = static_cast<ServerTransaction&>(entry);
  if (transaction.is_open()) {
    owner_->OnTrying(transaction);
  } else {
    Remove(&transaction);
  }
}

}  // namespace sipcm::transaction
