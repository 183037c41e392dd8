#include "core/engine/admission/admission.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace sipcm::engine {
namespace {

bool ConsultsList(const ManagerConfig& config) {
  return config.kind == ManagerKind::kServerTls && config.mutual_tls != tls::MutualTls::kOff &&
         !config.allowed_domains.empty();
}

bool AddsHosts(const ManagerConfig& config) {
  return config.auto_allow_outgoing_hosts && ConsultsList(config);
}

std::vector<tls::AllowedDomain> NotCovered(const ManagerConfig& config,
                                           const tls::AllowedDomains& hosts, absl::Time now) {
  std::vector<tls::AllowedDomain> left;
  if (hosts.empty()) return left;
  const tls::AllowedDomains list(config.allowed_domains);
  for (const tls::AllowedDomain& entry : hosts.entries()) {
    if (!list.Covers(entry.pattern.text(), now)) left.push_back(entry);
  }
  return left;
}

}  // namespace

tls::PeerPolicy IncomingPolicy(const ManagerRuntime& runtime, const AllowedDomainList& auto_hosts) {
  tls::PeerPolicy policy = runtime.peer_policy;
  if (AddsHosts(runtime.config)) policy.auto_allowed_domains = auto_hosts;
  return policy;
}

std::vector<tls::AllowedDomain> AutoEntriesInForce(const ManagerConfig& config,
                                                   const tls::AllowedDomains& auto_hosts,
                                                   absl::Time now) {
  if (!AddsHosts(config)) return {};
  return NotCovered(config, auto_hosts, now);
}

std::vector<std::string> AdmissionWarnings(const ManagerConfig& config,
                                           const tls::AllowedDomains& auto_hosts, absl::Time now) {
  std::vector<std::string> warnings;
  if (!ConsultsList(config)) return warnings;
  const auto expired =
      std::count_if(config.allowed_domains.begin(), config.allowed_domains.end(),
                    [now](const tls::AllowedDomain& entry) { return now >= entry.expire_time; });
  if (expired == static_cast<std::ptrdiff_t>(config.allowed_domains.size())) {
    warnings.emplace_back(
        "every allowed domain has expired: nobody new is let in; add one with a later expire_time, "
        "or without");
  }
  if (config.auto_allow_outgoing_hosts) return warnings;
  const std::vector<tls::AllowedDomain> left = NotCovered(config, auto_hosts, now);
  if (!left.empty()) {
    warnings.push_back(absl::StrCat(
        "no allowed domain covers \"", left.front().pattern.text(), "\"",
        left.size() > 1 ? absl::StrCat(" and ", left.size() - 1, " more hosts") : "",
        ", which this manager has outgoing connections to: it cannot connect to us; add it, or set "
        "auto_allow_outgoing_hosts"));
  }
  return warnings;
}

const std::shared_ptr<const tls::PeerPolicy>& IncomingPolicyCache::Get(
    const std::shared_ptr<const ManagerRuntime>& runtime, const AllowedDomainList& auto_hosts) {
  if (runtime_ == runtime && auto_hosts_ == auto_hosts) return policy_;
  runtime_ = runtime;
  auto_hosts_ = auto_hosts;
  policy_ = auto_hosts->empty() || !AddsHosts(runtime->config)
                ? nullptr
                : std::make_shared<const tls::PeerPolicy>(IncomingPolicy(*runtime, auto_hosts));
  return policy_;
}

}  // namespace sipcm::engine
