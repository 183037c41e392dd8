#ifndef SIPCM_SERVER_CATALOG_CONNECTION_CATALOG_H_
#define SIPCM_SERVER_CATALOG_CONNECTION_CATALOG_H_

#include <string>

#include "absl/status/statusor.h"
#include "proto/sipcm/v1/connections.pb.h"
#include "server/catalog/control_state.h"

namespace sipcm::server {

// The live connections as callers see them; nothing of them is kept here. As
// ConnectionManagerCatalog; every answer waits for the workers.
class ConnectionCatalog {
 public:
  explicit ConnectionCatalog(ControlState* state) : state_(state) {}

  void Get(const sipcm::v1::GetConnectionRequest& request, Done<sipcm::v1::Connection> done);
  void List(const sipcm::v1::ListConnectionsRequest& request,
            Done<sipcm::v1::ListConnectionsResponse> done);
  void Update(const sipcm::v1::UpdateConnectionRequest& request, Done<sipcm::v1::Connection> done);
  void Close(const sipcm::v1::CloseConnectionRequest& request, Done<sipcm::v1::Connection> done);

 private:
  // Asks the engine; NOT_FOUND also when it belongs to another manager than the name says.
  void Ask(const std::string& name, absl::string_view field, Done<engine::ConnectionSnapshot> done);
  // The engine's answer, on the control thread, as a resource. `name` is told when it is gone.
  engine::Engine::Callback<engine::ConnectionSnapshot> Answer(std::string name,
                                                              Done<sipcm::v1::Connection> done);
  // What the manager sets for connections without marks of their own.
  engine::ThrottleMarks MarksOf(const std::string& manager_id) const
      ABSL_LOCKS_EXCLUDED(state_->mutex);

  ControlState* const state_;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CATALOG_CONNECTION_CATALOG_H_
