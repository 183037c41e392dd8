#ifndef SIPCM_SERVER_CATALOG_SERVER_CATALOG_H_
#define SIPCM_SERVER_CATALOG_SERVER_CATALOG_H_

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "proto/sipcm/v1/admin.pb.h"
#include "server/catalog/connection_manager_catalog.h"
#include "server/catalog/control_state.h"

namespace sipcm::server {

// "0.1.0", and what the binary was built with.
extern const char kServerVersion[];
std::string BuildText();

// The server as callers see it: one resource, named "server". Any thread.
class ServerCatalog {
 public:
  ServerCatalog(ControlState* state, ConnectionManagerCatalog* managers, int worker_count);

  absl::StatusOr<sipcm::v1::Server> Get(const sipcm::v1::GetServerRequest& request);

  // Empty `grpc_host`: a unix socket, which has no socket address.
  void SetAddresses(const std::string& grpc_host, int grpc_port, const std::string& admin_host,
                    int admin_port);
  void SetServing();
  // `why`: "the process was asked to end". Of several deadlines the earliest counts.
  void SetDraining(absl::Time deadline, const std::string& why);
  // Nothing is left; only while it drains.
  void SetDrained();
  sipcm::v1::Server::State server_state() const;

 private:
  ControlState* const state_;
  ConnectionManagerCatalog* const managers_;

  mutable absl::Mutex mutex_;  // never held with the state's lock
  sipcm::v1::Server server_ ABSL_GUARDED_BY(mutex_);
  absl::Time drain_deadline_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CATALOG_SERVER_CATALOG_H_
