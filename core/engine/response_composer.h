#ifndef SIPCM_CORE_ENGINE_RESPONSE_COMPOSER_H_
#define SIPCM_CORE_ENGINE_RESPONSE_COMPOSER_H_

#include <string>

#include "absl/status/status.h"
#include "core/base/random_source.h"
#include "core/dispatch/open_request.h"
#include "core/engine/connection_table.h"
#include "core/engine/message_order.h"
#include "core/sip/message_view.h"

namespace sipcm::engine {

// Writes an application's answer as the bytes of a SIP response, and makes the tags of all answers.
// Thread: its worker's.
class ResponseComposer {
 public:
  // `random` outlives this.
  explicit ResponseComposer(RandomSource* random) : random_(random) {}

  // 60 bits: unguessable (RFC 3261 19.3) and without a heap block.
  std::string MakeTag();
  // Appends the answer to `request` for the connection that it came by; `*status_code` is what it
  // says. INVALID_ARGUMENT, naming the field: nothing was appended.
  absl::Status Append(const ResponseOrder& order, dispatch::OpenRequest& request,
                      ConnectionSlot& slot, int* status_code);

 private:
  RandomSource* const random_;
  sip::MessageView raw_response_;  // reused
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_RESPONSE_COMPOSER_H_
