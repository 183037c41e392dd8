#include "server/catalog/server_catalog.h"

#include "absl/strings/str_cat.h"
#include "server/event/resource_event.h"
#include "server/store/resource_store.h"
#include "server/validation/refusal.h"

namespace sipcm::server {

using sipcm::v1::Server;

const char kServerVersion[] = "0.1.0";

std::string BuildText() {
#ifdef __clang__
  const std::string compiler =
      absl::StrCat("clang ", __clang_major__, ".", __clang_minor__, ".", __clang_patchlevel__);
#else
  const std::string compiler = absl::StrCat("g++ ", __VERSION__);
#endif
#ifdef __OPTIMIZE__
  return absl::StrCat(compiler, ", optimized");
#else
  return absl::StrCat(compiler, ", not optimized");
#endif
}

ServerCatalog::ServerCatalog(ControlState* state, ConnectionManagerCatalog* managers,
                             int worker_count)
    : state_(state), managers_(managers) {
  server_.set_name("server");
  server_.set_version(kServerVersion);
  server_.set_build(BuildText());
  server_.set_state(Server::STARTING);
  *server_.mutable_start_time() = ToTimestamp(state->options.now());
  server_.set_worker_count(worker_count);
}

absl::StatusOr<Server> ServerCatalog::Get(const sipcm::v1::GetServerRequest& request) {
  if (!request.name().empty() && request.name() != "server") {
    return BadField("INVALID_NAME", "name", "is \"server\", or empty");
  }
  Server server;
  {
    absl::MutexLock lock(&mutex_);
    server = server_;
  }
  {
    absl::MutexLock lock(&state_->mutex);
    server.set_connection_manager_count(state_->managers.size());
    server.set_endpoint_count(state_->endpoints.size());
    server.set_certificate_count(state_->certificates.size());
    server.set_trust_bundle_count(state_->trust_bundles.size());
  }
  const engine::EngineTotals totals = state_->engine->GetTotals();
  int64_t connections = 0;
  for (const auto& of_direction : totals.connections) {
    for (const int64_t count : of_direction) connections += count;
  }
  server.set_connection_count(static_cast<int>(connections));
  server.set_pool_count(static_cast<int>(totals.pools));
  server.set_subscription_count(static_cast<int>(totals.subscriptions));
  server.set_outstanding_request_count(static_cast<int>(totals.open_requests));
  for (std::string& warning : managers_->Warnings()) server.add_warnings(std::move(warning));
  return server;
}

void ServerCatalog::SetAddresses(const std::string& grpc_host, int grpc_port,
                                 const std::string& admin_host, int admin_port) {
  absl::MutexLock lock(&mutex_);
  if (!grpc_host.empty()) {
    server_.mutable_grpc_address()->set_host(grpc_host);
    server_.mutable_grpc_address()->set_port(grpc_port);
  }
  server_.mutable_admin_address()->set_host(admin_host);
  server_.mutable_admin_address()->set_port(admin_port);
}

void ServerCatalog::SetServing() {
  absl::MutexLock lock(&mutex_);
  server_.set_state(Server::SERVING);
}

void ServerCatalog::SetDraining(absl::Time deadline, const std::string& why) {
  absl::MutexLock lock(&mutex_);
  if (server_.state() == Server::DRAINED) return;
  server_.set_state_reason(why);
  if (server_.state() != Server::DRAINING || deadline < drain_deadline_) {
    drain_deadline_ = deadline;
    *server_.mutable_drain_deadline_time() = ToTimestamp(deadline);
  }
  server_.set_state(Server::DRAINING);
  state_->Tell(MakeServerEvent(absl::StrCat("the server drains: ", why)));
}

void ServerCatalog::SetDrained() {
  absl::MutexLock lock(&mutex_);
  if (server_.state() != Server::DRAINING) return;
  server_.set_state(Server::DRAINED);
  server_.clear_drain_deadline_time();
  state_->Tell(MakeServerEvent("the server is drained: nothing is outstanding or open"));
}

Server::State ServerCatalog::server_state() const {
  absl::MutexLock lock(&mutex_);
  return server_.state();
}

}  // namespace sipcm::server
