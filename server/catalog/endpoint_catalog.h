#ifndef SIPCM_SERVER_CATALOG_ENDPOINT_CATALOG_H_
#define SIPCM_SERVER_CATALOG_ENDPOINT_CATALOG_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "core/connection/connection_settings.h"
#include "proto/sipcm/v1/endpoints.pb.h"
#include "server/catalog/connection_manager_catalog.h"
#include "server/catalog/control_state.h"
#include "server/store/update_mask.h"

namespace sipcm::server {

// The endpoints as callers see them. As ConnectionManagerCatalog.
class EndpointCatalog {
 public:
  explicit EndpointCatalog(ControlState* state) : state_(state) {}

  // How the fields of its resources take to changes.
  static const FieldRules& Rules();

  absl::StatusOr<sipcm::v1::Endpoint> Create(const sipcm::v1::CreateEndpointRequest& request);
  absl::StatusOr<sipcm::v1::Endpoint> Get(const sipcm::v1::GetEndpointRequest& request);
  absl::StatusOr<sipcm::v1::ListEndpointsResponse> List(
      const sipcm::v1::ListEndpointsRequest& request);
  absl::StatusOr<sipcm::v1::Endpoint> Update(const sipcm::v1::UpdateEndpointRequest& request);
  absl::Status Delete(const sipcm::v1::DeleteEndpointRequest& request);
  // `done` is called from any thread, perhaps before this returns.
  void ExplainDispatch(const sipcm::v1::ExplainDispatchRequest& request,
                       Done<sipcm::v1::ExplainDispatchResponse> done);

  // What Messaging has to know of an endpoint; nullopt when there is none of this id.
  struct Facts {
    std::string manager_id;
    connection::Transport default_transport = connection::Transport::kTcp;
  };
  absl::optional<Facts> Find(const std::string& endpoint_id);

  // Tells the event sink all of them, as the answer to a question of that round.
  void TellState(uint64_t round);

 private:
  // What an ExplainDispatchRequest asks, read.
  struct Question {
    std::string manager_id;
    std::string text;
    connection::ConnectionId connection;
  };
  absl::Status ReadQuestion(const sipcm::v1::ExplainDispatchRequest& request, Question* question);
  // The endpoint's manager, or FAILED_PRECONDITION. With `validate_only` the default one may be yet
  // to be made.
  absl::StatusOr<sipcm::v1::ConnectionManager> ManagerOf(const sipcm::v1::Endpoint& endpoint,
                                                         bool validate_only)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);
  // ALREADY_EXISTS (ENDPOINT_ADDRESS_TAKEN) naming the other one.
  absl::Status CheckFirstHop(const sipcm::v1::Endpoint& endpoint,
                             const sipcm::v1::ConnectionManager& manager)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);
  absl::Status CheckAddressFree(const sipcm::v1::Endpoint& endpoint)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);
  sipcm::v1::Endpoint Shown(const sipcm::v1::Endpoint& stored)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);

  ControlState* const state_;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CATALOG_ENDPOINT_CATALOG_H_
