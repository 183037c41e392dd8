#include "core/transaction/client_transaction.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/sip/header_id.h"
#include "core/transaction/branch.h"

namespace sipcm::transaction {
namespace {

std::string MakeFollower(const sip::MessageView& invite, absl::string_view method,
                         absl::string_view to_line) {
  std::string out = absl::StrCat(method, " ", invite.request_uri(),
                                 " SIP/2.0\r\nVia: ", invite.top_via().element, "\r\n");
  for (const sip::HeaderField& field : invite.headers()) {
    if (field.id == sip::HeaderId::kRoute || field.id == sip::HeaderId::kFrom ||
        field.id == sip::HeaderId::kCallId) {
      absl::StrAppend(&out, invite.line(field));
    }
  }
  absl::StrAppend(&out, to_line, "CSeq: ", invite.cseq_number(), " ", method,
                  "\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n");
  return out;
}

}  // namespace

void ClientTransactionTable::Add(std::unique_ptr<ClientTransaction> transaction) {
  SIPCM_CHECK(transaction->key == 0);
  uint64_t key = 0;
  do {
    key = random_->Next();
  } while (key == 0 || by_key_.contains(key));
  transaction->key = key;
  by_key_[key] = std::move(transaction);
}

void ClientTransactionTable::Renew(ClientTransaction* transaction) {
  const auto found = by_key_.find(transaction->key);
  SIPCM_CHECK(found != by_key_.end());
  std::unique_ptr<ClientTransaction> owned = std::move(found->second);
  by_key_.erase(found);
  owned->key = 0;
  owned->has_provisional = false;
  Add(std::move(owned));
}

ClientTransaction* ClientTransactionTable::Match(const sip::MessageView& response) const {
  uint64_t key = 0;
  if (!ParseBranch(response.branch(), &key)) return nullptr;
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  return found->second->method == response.cseq_method() ? found->second.get() : nullptr;
}

std::string MakeAck(const sip::MessageView& invite, const sip::MessageView& response) {
  const sip::HeaderField* to = response.Find(sip::HeaderId::kTo);
  return MakeFollower(invite, "ACK", to == nullptr ? "" : response.line(*to));
}

std::string MakeCancel(const sip::MessageView& invite) {
  const sip::HeaderField* to = invite.Find(sip::HeaderId::kTo);
  return MakeFollower(invite, "CANCEL", to == nullptr ? "" : invite.line(*to));
}

}  // namespace sipcm::transaction
