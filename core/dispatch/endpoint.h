#ifndef SIPCM_CORE_DISPATCH_ENDPOINT_H_
#define SIPCM_CORE_DISPATCH_ENDPOINT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/dispatch/registration_settings.h"

namespace sipcm::dispatch {

enum class EndpointKind : uint8_t { kRegistered, kPeerToPeer };

// Whether its own sends wait so that fewer are outstanding than a server allows one client.
enum class SendPacing : uint8_t { kNone, kBelowPeersLimit };

// A SIP identity that an application registered (semantics.md 9). Immutable once applied: an
// update makes a new one with the same id.
struct Endpoint {
  std::string id;  // "alice" of "endpoints/alice"
  EndpointKind kind = EndpointKind::kPeerToPeer;
  std::string address;               // "sip:alice@example.com", as given
  std::vector<std::string> aliases;  // further SIP URIs, or host only ("sip:example.com")
  std::string manager_id;
  std::string endpoint_id;  // epid; empty = none
  // URIs that lead to this endpoint and no other (RFC 5627): as configured, or of a REGISTERED one
  // as its registrar gave them, the public one first.
  std::vector<std::string> gruus;
  absl::Duration answer_timeout = absl::Seconds(8);
  absl::Duration invite_answer_timeout = absl::Seconds(30);  // after the last provisional
  std::shared_ptr<const RegistrationSettings> registration;  // kRegistered: never null
  // Option tags of its applications' own, which a Require may name.
  std::vector<std::string> supported_options;
  SendPacing pacing = SendPacing::kNone;
  int max_waiting_delivery_count = 1000;  // requests that wait for credit, per endpoint and worker
};

}  // namespace sipcm::dispatch

#endif  // SIPCM_CORE_DISPATCH_ENDPOINT_H_
