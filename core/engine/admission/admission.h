#ifndef SIPCM_CORE_ENGINE_ADMISSION_ADMISSION_H_
#define SIPCM_CORE_ENGINE_ADMISSION_ADMISSION_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/engine/manager/manager_runtime.h"
#include "core/tls/allowed_domains.h"
#include "core/tls/peer_policy.h"

namespace sipcm::engine {

// Who may connect to a manager: its settings, and the hosts that its own outgoing connections are
// to (AutoAllowedHosts). Pure functions; `now` is wall time.

using AllowedDomainList = std::shared_ptr<const tls::AllowedDomains>;

// By what an incoming peer is judged at this moment: by a handshake, the dry run, and a removal.
tls::PeerPolicy IncomingPolicy(const ManagerRuntime& runtime, const AllowedDomainList& auto_hosts);

// The entries of `auto_hosts` that are in force: the list is consulted, not empty, and covers them
// not by itself; none when auto_allow_outgoing_hosts is off.
std::vector<tls::AllowedDomain> AutoEntriesInForce(const ManagerConfig& config,
                                                   const tls::AllowedDomains& auto_hosts,
                                                   absl::Time now);

// What a person should know of the list at this moment, besides WarningsOf().
std::vector<std::string> AdmissionWarnings(const ManagerConfig& config,
                                           const tls::AllowedDomains& auto_hosts, absl::Time now);

// One worker's IncomingPolicy, made anew when one of its parts is another.
class IncomingPolicyCache {
 public:
  // Null: the policy of the runtime's TLS context holds as it is. Valid until the next call.
  const std::shared_ptr<const tls::PeerPolicy>& Get(
      const std::shared_ptr<const ManagerRuntime>& runtime, const AllowedDomainList& auto_hosts);

 private:
  std::shared_ptr<const ManagerRuntime> runtime_;
  AllowedDomainList auto_hosts_;
  std::shared_ptr<const tls::PeerPolicy> policy_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_ADMISSION_ADMISSION_H_
