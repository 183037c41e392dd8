#include "core/engine/dialogs/verified_name.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace sipcm::engine {
namespace {

bool IsName(absl::string_view name) { return !name.empty() && !absl::StartsWith(name, "*"); }

}  // namespace

std::string VerifiedNameOf(const ConnectionSlot& slot) {
  const auto& peer = slot.connection->peer();
  if (peer == nullptr || !peer->verified) return std::string();
  if (slot.pool != nullptr) {
    const pool::Destination& destination = slot.pool->destination();
    return destination.tls_name.empty() ? destination.host : destination.tls_name;
  }
  const auto name = std::find_if(peer->dns_names.begin(), peer->dns_names.end(),
                                 [](const std::string& each) { return IsName(each); });
  return name == peer->dns_names.end() ? std::string() : *name;
}

bool HasVerifiedName(const tls::PeerIdentity* peer, absl::string_view name) {
  if (peer == nullptr || !peer->verified) return false;
  const auto is_it = [name](absl::string_view each) { return absl::EqualsIgnoreCase(each, name); };
  return std::any_of(peer->dns_names.begin(), peer->dns_names.end(), is_it) ||
         std::any_of(peer->ip_addresses.begin(), peer->ip_addresses.end(), is_it) ||
         std::any_of(peer->uri_names.begin(), peer->uri_names.end(), [&](absl::string_view uri) {
           return is_it(absl::StripPrefix(absl::StripPrefix(uri, "sips:"), "sip:"));
         });
}

}  // namespace sipcm::engine
