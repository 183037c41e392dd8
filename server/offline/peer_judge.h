#ifndef SIPCM_SERVER_OFFLINE_PEER_JUDGE_H_
#define SIPCM_SERVER_OFFLINE_PEER_JUDGE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/engine/manager/manager_runtime.h"
#include "core/tls/peer_policy.h"
#include "proto/sipcm/v1/connection_manager.pb.h"
#include "proto/sipcm/v1/peer.pb.h"
#include "proto/sipcm/v1/trust_bundle.pb.h"
#include "proto/sipcm/v1/types.pb.h"

namespace sipcm::server {

// CheckPeer without a server: the same conversion of a manager's settings, the same policy and the
// same verdict, for `sipcm check-peer --offline`. AUTO entries are not there, since there are no
// connections. Immutable; any thread.
class PeerJudge {
 public:
  // `manager`: as for CreateConnectionManager, its certificates and endpoints ignored; the bundles
  // that it names are among `bundles`, with their text. Errors are those of the API.
  static absl::StatusOr<PeerJudge> Create(sipcm::v1::ConnectionManager manager,
                                          std::vector<sipcm::v1::TrustBundle> bundles,
                                          absl::Time now);

  // `host`: with OUTGOING, the one that would be asked for. Errors are those of the API.
  absl::StatusOr<sipcm::v1::PeerVerdict> Judge(absl::string_view chain_pem,
                                               sipcm::v1::Direction direction,
                                               absl::string_view host, absl::Time at) const;

 private:
  PeerJudge() = default;

  engine::ManagerConfig config_;
  tls::PeerPolicy incoming_;
  tls::PeerPolicy outgoing_;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_OFFLINE_PEER_JUDGE_H_
