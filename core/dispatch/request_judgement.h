#ifndef SIPCM_CORE_DISPATCH_REQUEST_JUDGEMENT_H_
#define SIPCM_CORE_DISPATCH_REQUEST_JUDGEMENT_H_

#include <string>

#include "absl/types/optional.h"
#include "core/dispatch/automatic_answer.h"
#include "core/dispatch/endpoint.h"
#include "core/sip/message_view.h"

namespace sipcm::dispatch {

// Why a well-formed request is refused.
struct RequestRefusal {
  Situation situation = Situation::kUnknownScheme;
  std::string unsupported;  // kBadExtension: the tags, as the value of Unsupported
};

// What a user agent looks at before it asks whose a request is (RFC 3261 8.2): the scheme of the
// Request-URI (416). Not for ACK and CANCEL, which are never refused for that, nor for what is
// below. Nothing for what is to be dispatched. Pure; allocates only for a refusal.
absl::optional<RequestRefusal> JudgeRequest(const sip::MessageView& request);

// And once it knows: Require (420), of a request for that endpoint; null: for nobody's.
absl::optional<RequestRefusal> JudgeExtensions(const sip::MessageView& request,
                                               const Endpoint* endpoint);

}  // namespace sipcm::dispatch

#endif  // SIPCM_CORE_DISPATCH_REQUEST_JUDGEMENT_H_
