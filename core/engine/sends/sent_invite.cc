#include "core/engine/sends/sent_invite.h"

#include "core/sip/parser.h"
#include "core/transaction/client_transaction.h"

namespace sipcm::engine {

bool SentInvite::Read(const connection::Connection& connection, sip::MessageView* invite) const {
  return !text_.empty() && connection.can_send() && sip::Parse(text_, text_.size(), *invite).ok();
}

bool SentInvite::Cancel(connection::Connection* connection) {
  sip::MessageView invite;
  if (is_cancelled_ || !Read(*connection, &invite)) return false;
  is_cancelled_ = true;
  connection->Send(transaction::MakeCancel(invite));
  return true;
}

void SentInvite::Acknowledge(const sip::MessageView& response,
                             connection::Connection* connection) const {
  sip::MessageView invite;
  if (Read(*connection, &invite)) connection->Send(transaction::MakeAck(invite, response));
}

}  // namespace sipcm::engine
