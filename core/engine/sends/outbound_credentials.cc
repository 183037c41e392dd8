// The challenges to an Outbound's sends that a REGISTERED endpoint's credentials answer.
#include <cstdint>
#include <memory>

#include "core/engine/sends/outbound.h"
#include "core/transaction/branch.h"

namespace sipcm::engine {

// On the endpoint's own flow only: whoever is at the end of another connection is shown none.
void Outbound::AddCredentials(OpenSend* send, const ConnectionSlot& slot, std::string* tail,
                              size_t begin) {
  send->credentials = nullptr;
  if (slot.endpoint_id() != send->planned.endpoint->id) return;
  registration::Authenticator* const authenticator = host_->AuthenticatorOf(send->planned);
  if (authenticator == nullptr) return;
  send->credentials = std::make_unique<SendCredentials>();
  send->credentials->OnComposed(authenticator, tail, begin);
}

bool Outbound::Authorize(OpenSend* send, const sip::MessageView& challenge) {
  registration::Authenticator* const authenticator = host_->AuthenticatorOf(send->planned);
  if (authenticator == nullptr || send->credentials == nullptr) return false;
  const int status_code = challenge.status_code();
  if (status_code != 401 && status_code != 407) {
    const registration::Authenticator::Proof proof = authenticator->TakeInfo(challenge);
    if (proof == registration::Authenticator::Proof::kWrong) totals_->wrong_server_proofs.Add();
    return false;
  }
  connection::Connection& connection = *send->slot->connection;
  if (!connection.can_send() || !send->credentials->Take(authenticator, challenge)) return false;
  transactions_.Renew(send);
  uint32_t cseq = challenge.cseq_number() + 1;
  if (send->dialog != nullptr) cseq = send->dialog->NextCseq(cseq);
  const std::string& request =
      send->credentials->Again(authenticator, transaction::BranchText(send->key), cseq);
  if (send->method_id == sip::Method::kInvite) send->invite.Keep(request);
  if (send->dialog != nullptr && send->dialog->Read(request).ok()) {
    send->dialog->OnSent(*send->slot);
  }
  send->begins_at = connection.counters().bytes_out + connection.queued_bytes();
  send->ends_at = send->begins_at + request.size();
  connection.Send(request);
  send->sent_at = loop_->Now();
  totals_->requests_out.Add();
  TellSent(send, challenge.call_id(), /*reused=*/true);
  return true;
}

}  // namespace sipcm::engine
