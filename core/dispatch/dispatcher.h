#ifndef SIPCM_CORE_DISPATCH_DISPATCHER_H_
#define SIPCM_CORE_DISPATCH_DISPATCHER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/dispatch/automatic_answer.h"
#include "core/dispatch/delivery.h"
#include "core/dispatch/endpoint_directory.h"
#include "core/sip/message_view.h"

namespace sipcm::dispatch {

// What "nothing matches" is answered with: 500 as UCMA does, or 404 (RFC 3261 8.2.2.1).
enum class DispatchProfile : uint8_t { kUcma, kRfc };

enum class DispatchStrictness : uint8_t { kByAddress, kStrict };

// How one manager dispatches. Immutable while a decision is made.
struct DispatchPolicy {
  DispatchProfile profile = DispatchProfile::kUcma;
  DispatchStrictness strictness = DispatchStrictness::kByAddress;
  std::string default_endpoint_id;  // empty = none
};

struct DispatchDecision {
  DispatchReason reason = DispatchReason::kAutomaticAnswer;
  EndpointDirectory::EntryPointer entry;  // null: `situation` says how to answer
  Situation situation = Situation::kNoEndpoint;
};

// A request and the way it came.
struct Arrival {
  const sip::MessageView& request;
  // Whose own connection it came by (a REGISTERED endpoint's); empty: nobody's.
  absl::string_view flow_endpoint_id = {};
};

// One step that was looked at: which, and what was compared with what.
struct DispatchStep {
  DispatchReason reason;
  std::string explanation;
};

// Steps 2 to 7 of semantics.md 7 for one request that no live transaction or dialog claims; step 1
// is the caller's. Pure: the same inputs give the same decision, for a request that came and for
// one that is only asked about. `steps`, when given, gets what was looked at, in order; the last
// one decided. Allocates only for `steps`.
DispatchDecision Dispatch(const Arrival& arrival, const EndpointDirectory& directory,
                          const DispatchPolicy& policy, std::vector<DispatchStep>* steps = nullptr);

}  // namespace sipcm::dispatch

#endif  // SIPCM_CORE_DISPATCH_DISPATCHER_H_
