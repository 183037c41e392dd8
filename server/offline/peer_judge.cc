#include "server/offline/peer_judge.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/tls/certificate_chain.h"
#include "server/conversion/certificates/certificate_conversion.h"
#include "server/conversion/managers/manager_conversion.h"
#include "server/conversion/managers/manager_defaults.h"
#include "server/conversion/peer_conversion.h"

namespace sipcm::server {

absl::StatusOr<PeerJudge> PeerJudge::Create(sipcm::v1::ConnectionManager manager,
                                            std::vector<sipcm::v1::TrustBundle> bundles,
                                            absl::Time now) {
  manager.clear_certificate();
  manager.clear_additional_certificates();
  if (manager.allowed_domains_size() == 0 && !manager.allow_any_domain()) {
    manager.add_allowed_domains()->set_pattern("localhost");  // as CreateConnectionManager does
  }
  std::map<std::string, std::shared_ptr<const tls::TrustBundle>> anchors;
  for (sipcm::v1::TrustBundle& bundle : bundles) {
    SIPCM_ASSIGN_OR_RETURN(anchors[bundle.name()], ToTrustBundle(&bundle, /*revision=*/1));
  }
  SIPCM_RETURN_IF_ERROR(NormalizeManager(now, &manager));
  const auto no_credential = [](const std::string&) {
    return std::shared_ptr<const tls::Credential>();
  };
  const auto find = [&anchors](const std::string& name) {
    const auto found = anchors.find(name);
    return found == anchors.end() ? nullptr : found->second;
  };
  const auto no_system = []() { return std::shared_ptr<const tls::TrustBundle>(); };
  SIPCM_ASSIGN_OR_RETURN(engine::ManagerConfig config,
                         ToManagerConfig(manager, {no_credential, find, no_system}));
  PeerJudge judge;
  judge.incoming_ = engine::IncomingPeerPolicy(config);
  judge.outgoing_ = engine::OutgoingPeerPolicy(config);
  judge.config_ = std::move(config);
  return judge;
}

absl::StatusOr<sipcm::v1::PeerVerdict> PeerJudge::Judge(absl::string_view chain_pem,
                                                        sipcm::v1::Direction direction,
                                                        absl::string_view host,
                                                        absl::Time at) const {
  SIPCM_ASSIGN_OR_RETURN(const tls::CertificateChain chain,
                         tls::CertificateChain::ParsePem(chain_pem));
  const bool outgoing = direction == sipcm::v1::OUTGOING;
  SIPCM_ASSIGN_OR_RETURN(
      const tls::PeerVerdict verdict,
      engine::JudgeAsHandshake(
          config_, outgoing ? outgoing_ : incoming_, chain,
          outgoing ? tls::PeerRole::kOutgoingServer : tls::PeerRole::kIncomingClient, host, at));
  if (!verdict.allowed() && config_.trust_bundle == nullptr) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "TRUST_BUNDLE_MISSING",
                     "there is no trust bundle to judge with; give one");
  }
  return ToProto(verdict);
}

}  // namespace sipcm::server
