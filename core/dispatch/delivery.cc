#include "core/dispatch/delivery.h"

#include "core/base/check.h"

namespace sipcm::dispatch {

absl::string_view DispatchReasonName(DispatchReason reason) {
  switch (reason) {
    case DispatchReason::kTransaction:
      return "transaction";
    case DispatchReason::kDialog:
      return "dialog";
    case DispatchReason::kGruu:
      return "gruu";
    case DispatchReason::kUniqueContext:
      return "unique_context";
    case DispatchReason::kRequestUri:
      return "request_uri";
    case DispatchReason::kToAddress:
      return "to_address";
    case DispatchReason::kStrict:
      return "strict";
    case DispatchReason::kDefaultEndpoint:
      return "default_endpoint";
    case DispatchReason::kAutomaticAnswer:
      return "automatic_answer";
  }
  SIPCM_UNREACHABLE("unknown DispatchReason");
}

}  // namespace sipcm::dispatch
