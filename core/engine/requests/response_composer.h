#ifndef SIPCM_CORE_ENGINE_REQUESTS_RESPONSE_COMPOSER_H_
#define SIPCM_CORE_ENGINE_REQUESTS_RESPONSE_COMPOSER_H_

#include <string>

#include "absl/status/status.h"
#include "core/base/random_source.h"
#include "core/dispatch/open_request.h"
#include "core/engine/message_order.h"
#include "core/sip/framer.h"
#include "core/sip/message_view.h"
#include "core/sip/response_builder.h"

namespace sipcm::engine {

// Writes an application's answer as the bytes of a SIP response, and makes the tags of all answers.
// Thread: its worker's.
class ResponseComposer {
 public:
  // `random` outlives this.
  explicit ResponseComposer(RandomSource* random) : random_(random) {}

  // 60 bits: unguessable (RFC 3261 19.3) and without a heap block.
  std::string MakeTag();
  // Appends the answer to `request`, which came from `source`, to `out`; `*status_code` is what it
  // says. `contact` is for one that needs a way back; empty: none. `limits`: of its manager.
  // INVALID_ARGUMENT, naming the field: nothing was appended; it is no SIP, what was given passes a
  // limit, or it is a 408 or a provisional but 100 to a request other than INVITE (RFC 4320 4).
  absl::Status Append(const ResponseOrder& order, dispatch::OpenRequest& request,
                      const sip::ReceivedFrom& source, absl::string_view contact,
                      const sip::FramerLimits& limits, std::string* out, int* status_code);

 private:
  RandomSource* const random_;
  sip::MessageView raw_response_;  // reused
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_REQUESTS_RESPONSE_COMPOSER_H_
