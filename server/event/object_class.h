#ifndef SIPCM_SERVER_EVENT_OBJECT_CLASS_H_
#define SIPCM_SERVER_EVENT_OBJECT_CLASS_H_

#include <cstdint>

#include "proto/sipcm/v1/event.pb.h"

namespace sipcm::server {

// The kinds of objects that a snapshot has, in its order.
enum class ObjectClass : uint8_t {
  kNone,
  kManager,
  kPool,
  kConnection,
  kEndpoint,
  kCertificate,
  kTrustBundle,
};

// A set of them.
using ObjectClasses = uint32_t;
constexpr ObjectClasses Only(ObjectClass one) { return 1u << static_cast<int>(one); }
constexpr ObjectClasses kAllClasses =
    Only(ObjectClass::kManager) | Only(ObjectClass::kPool) | Only(ObjectClass::kConnection) |
    Only(ObjectClass::kEndpoint) | Only(ObjectClass::kCertificate) |
    Only(ObjectClass::kTrustBundle);

// What events of this kind are about, as far as a snapshot has it: kNone for SYNCED, GAP,
// SERVER_STATE, PEER_REFUSED and CONNECTION_FAILED (the connection never was one) and THROTTLING_…
// (of several classes).
// EXISTING is about all of them: kNone too.
ObjectClass ClassOf(sipcm::v1::Event::Kind kind);
// What the event's object is.
ObjectClass ClassOfObject(const sipcm::v1::Event& event);

// Whether its object is throttled now.
bool IsThrottled(const sipcm::v1::Event& event);

// Whether the event ends what it is about.
bool IsRemoval(const sipcm::v1::Event& event);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_EVENT_OBJECT_CLASS_H_
