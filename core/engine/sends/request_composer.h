#ifndef SIPCM_CORE_ENGINE_SENDS_REQUEST_COMPOSER_H_
#define SIPCM_CORE_ENGINE_SENDS_REQUEST_COMPOSER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/random_source.h"
#include "core/dispatch/endpoint.h"
#include "core/engine/connection_table.h"
#include "core/engine/message_order.h"
#include "core/sip/message_view.h"
#include "core/sip/request_builder.h"
#include "core/transaction/client_transaction.h"

namespace sipcm::engine {

// The sent-by of our Vias and Contacts on a connection: where we listen, if we do. Made once for
// it.
const std::string& SentBy(ConnectionSlot& slot);

// Where requests reach that endpoint and no other: a value of Contact. The GRUU that it was given,
// or else an address by which that connection's peer reaches us, with what tells whose it is.
std::string ContactOf(const dispatch::Endpoint& endpoint, ConnectionSlot& slot);

// Writes a send as the bytes of a SIP request: what the application left out (Via, From, To,
// Call-ID, CSeq, Contact; RFC 3261 8.1.1) is filled in, and a raw request gets our Via on top.
// Thread: its worker's.
class RequestComposer {
 public:
  // `random` makes Call-IDs and tags, and outlives this.
  explicit RequestComposer(RandomSource* random) : random_(random) {}

  // The method that a raw request names. INVALID_ARGUMENT, naming the field, when it is no request
  // that may be sent.
  absl::StatusOr<std::string> MethodOfRaw(const SendOrder& order, LocalManager& manager);

  // Appends the request for that connection, with the transaction's branch; `from_tag` goes to a
  // From without one, empty: any. INVALID_ARGUMENT, naming the field: `out` is as it was.
  absl::Status Append(const SendOrder& order, sip::Judged judged,
                      const dispatch::Endpoint& endpoint,
                      const transaction::ClientTransaction& transaction, absl::string_view from_tag,
                      ConnectionSlot& slot, std::string* out);
  // Of the request that was appended last.
  const std::string& last_call_id() const { return last_call_id_; }

 private:
  absl::Status AppendParts(const SendOrder& order, sip::Judged judged,
                           const dispatch::Endpoint& endpoint,
                           const transaction::ClientTransaction& transaction,
                           absl::string_view from_tag, ConnectionSlot& slot, std::string* out);
  absl::Status AppendRaw(const SendOrder& order, const transaction::ClientTransaction& transaction,
                         ConnectionSlot& slot, std::string* out);

  RandomSource* const random_;
  sip::MessageView raw_request_;  // reused
  std::string last_call_id_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_SENDS_REQUEST_COMPOSER_H_
