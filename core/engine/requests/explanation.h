#ifndef SIPCM_CORE_ENGINE_REQUESTS_EXPLANATION_H_
#define SIPCM_CORE_ENGINE_REQUESTS_EXPLANATION_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/engine/dialogs/dialog_claim.h"
#include "core/engine/engine_snapshot.h"
#include "core/engine/manager/manager_state.h"

namespace sipcm::engine {

// `request`, a whole SIP request, as if it had come to `manager`. INVALID_ARGUMENT naming "request"
// when it is not one well-formed request. Any thread.
absl::StatusOr<std::shared_ptr<const dispatch::RequestRecord>> ReadRequest(std::string request,
                                                                           ManagerState& manager);

// Whether Explain() has to know what its dialog says. Pure.
bool AsksDialog(const sip::MessageView& request);

// What would become of it, if it came to `manager` now by the own connection of `flow_endpoint_id`
// (empty: by any other): the code that dispatches, asked. `claim`: where AsksDialog(). Any thread.
DispatchExplanation Explain(const sip::MessageView& request, absl::string_view flow_endpoint_id,
                            const DialogClaim& claim, ManagerState& manager);

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_REQUESTS_EXPLANATION_H_
