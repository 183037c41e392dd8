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

// Steps 2 to 7 of semantics.md 7 for one request that no live transaction claims; step 1 is the
// caller's. Pure: the same inputs give the same decision, for a request that came and for one
// that is only asked about. `steps`, when given, gets a line for each step that was looked at.
DispatchDecision Dispatch(const sip::MessageView& request, const EndpointDirectory& directory,
                          const DispatchPolicy& policy, std::vector<std::string>* steps = nullptr);

}  // namespace sipcm::dispatch

#endif  // SIPCM_CORE_DISPATCH_DISPATCHER_H_
