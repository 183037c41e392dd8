#ifndef SIPCM_CORE_ENGINE_REQUESTS_EXPLANATION_H_
#define SIPCM_CORE_ENGINE_REQUESTS_EXPLANATION_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/engine/engine_snapshot.h"
#include "core/engine/manager/manager_state.h"

namespace sipcm::engine {

// What would become of `request`, a whole SIP request, if it came to `manager` now by the own
// connection of `flow_endpoint_id` (empty: by any other): the code that dispatches, asked.
// INVALID_ARGUMENT naming "request" when it is not one well-formed request. Any thread.
absl::StatusOr<DispatchExplanation> Explain(const std::string& request,
                                            absl::string_view flow_endpoint_id,
                                            ManagerState& manager);

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_REQUESTS_EXPLANATION_H_
