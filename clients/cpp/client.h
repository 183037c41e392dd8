#ifndef SIPCM_CLIENTS_CPP_CLIENT_H_
#define SIPCM_CLIENTS_CPP_CLIENT_H_

#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/sipcm/v1/admin.pb.h"
#include "proto/sipcm/v1/certificates.pb.h"
#include "proto/sipcm/v1/connection_managers.pb.h"
#include "proto/sipcm/v1/connection_pools.pb.h"
#include "proto/sipcm/v1/connections.pb.h"
#include "proto/sipcm/v1/delivery.pb.h"
#include "proto/sipcm/v1/endpoints.pb.h"
#include "proto/sipcm/v1/send.pb.h"
#include "proto/sipcm/v1/subscription.pb.h"

namespace sipcm::client {

struct Channel;

struct ConnectOptions {
  absl::Duration connect_timeout = absl::Seconds(5);
  absl::Duration call_timeout = absl::Seconds(30);  // of each control call
};

// What the reader of a stream wants next.
enum class Reading : unsigned char { kContinue, kStop };

// A connection to a sipcm server. Each method is the call of the same name in proto/sipcm/v1, which
// says what it does and which errors it has; sipcm::ReasonOf(status) and sipcm::FieldOf(status)
// tell an error's reason and field. For requests at speed see Application.
//
// Every call blocks until it is answered. Thread: any, several at a time. Destroy after the calls
// and the Applications that use it.
class Client {
 public:
  // "127.0.0.1:50061" or "unix:/run/sipcm/sipcm.sock". UNAVAILABLE when no server answers in time.
  // The connection is made again by itself when it is lost.
  static absl::StatusOr<std::unique_ptr<Client>> Connect(const std::string& address,
                                                         const ConnectOptions& options = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // --- ConnectionManagers ---
  absl::StatusOr<v1::ConnectionManager> CreateConnectionManager(
      const v1::CreateConnectionManagerRequest& request);
  absl::StatusOr<v1::ConnectionManager> GetConnectionManager(
      const v1::GetConnectionManagerRequest& request);
  absl::StatusOr<v1::ListConnectionManagersResponse> ListConnectionManagers(
      const v1::ListConnectionManagersRequest& request);
  absl::StatusOr<v1::ConnectionManager> UpdateConnectionManager(
      const v1::UpdateConnectionManagerRequest& request);
  absl::Status DeleteConnectionManager(const v1::DeleteConnectionManagerRequest& request);
  absl::StatusOr<v1::ConnectionManager> StartListening(const v1::StartListeningRequest& request);
  absl::StatusOr<v1::ConnectionManager> StopListening(const v1::StopListeningRequest& request);
  absl::StatusOr<v1::AddAllowedDomainResponse> AddAllowedDomain(
      const v1::AddAllowedDomainRequest& request);
  absl::StatusOr<v1::RemoveAllowedDomainResponse> RemoveAllowedDomain(
      const v1::RemoveAllowedDomainRequest& request);
  absl::StatusOr<v1::CheckPeerResponse> CheckPeer(const v1::CheckPeerRequest& request);

  // --- ConnectionPools ---
  absl::StatusOr<v1::ConnectionPool> GetConnectionPool(const v1::GetConnectionPoolRequest& request);
  absl::StatusOr<v1::ListConnectionPoolsResponse> ListConnectionPools(
      const v1::ListConnectionPoolsRequest& request);
  absl::StatusOr<v1::ConnectionPool> UpdateConnectionPool(
      const v1::UpdateConnectionPoolRequest& request);
  absl::Status DeleteConnectionPool(const v1::DeleteConnectionPoolRequest& request);

  // --- Connections ---
  absl::StatusOr<v1::Connection> GetConnection(const v1::GetConnectionRequest& request);
  absl::StatusOr<v1::ListConnectionsResponse> ListConnections(
      const v1::ListConnectionsRequest& request);
  absl::StatusOr<v1::Connection> UpdateConnection(const v1::UpdateConnectionRequest& request);
  absl::StatusOr<v1::Connection> CloseConnection(const v1::CloseConnectionRequest& request);

  // --- Endpoints ---
  absl::StatusOr<v1::Endpoint> CreateEndpoint(const v1::CreateEndpointRequest& request);
  absl::StatusOr<v1::Endpoint> GetEndpoint(const v1::GetEndpointRequest& request);
  absl::StatusOr<v1::ListEndpointsResponse> ListEndpoints(const v1::ListEndpointsRequest& request);
  absl::StatusOr<v1::Endpoint> UpdateEndpoint(const v1::UpdateEndpointRequest& request);
  absl::Status DeleteEndpoint(const v1::DeleteEndpointRequest& request);
  absl::StatusOr<v1::ExplainDispatchResponse> ExplainDispatch(
      const v1::ExplainDispatchRequest& request);

  // --- Certificates ---
  absl::StatusOr<v1::Certificate> CreateCertificate(const v1::CreateCertificateRequest& request);
  absl::StatusOr<v1::Certificate> GetCertificate(const v1::GetCertificateRequest& request);
  absl::StatusOr<v1::ListCertificatesResponse> ListCertificates(
      const v1::ListCertificatesRequest& request);
  absl::StatusOr<v1::Certificate> UpdateCertificate(const v1::UpdateCertificateRequest& request);
  absl::Status DeleteCertificate(const v1::DeleteCertificateRequest& request);
  absl::StatusOr<v1::TrustBundle> CreateTrustBundle(const v1::CreateTrustBundleRequest& request);
  absl::StatusOr<v1::TrustBundle> GetTrustBundle(const v1::GetTrustBundleRequest& request);
  absl::StatusOr<v1::ListTrustBundlesResponse> ListTrustBundles(
      const v1::ListTrustBundlesRequest& request);
  absl::StatusOr<v1::TrustBundle> UpdateTrustBundle(const v1::UpdateTrustBundleRequest& request);
  absl::Status DeleteTrustBundle(const v1::DeleteTrustBundleRequest& request);

  // --- Admin ---
  absl::StatusOr<v1::Server> GetServer(const v1::GetServerRequest& request);
  absl::StatusOr<v1::Server> Drain(const v1::DrainRequest& request);
  absl::StatusOr<v1::ExportConfigResponse> ExportConfig(const v1::ExportConfigRequest& request);
  absl::StatusOr<v1::ApplyConfigResponse> ApplyConfig(const v1::ApplyConfigRequest& request);

  // --- Messaging ---
  absl::StatusOr<v1::RespondResponse> Respond(const v1::RespondRequest& request);
  // Calls `on_delivery` for each message until it says kStop (then OK) or the stream ends (then
  // with its status).
  absl::Status Subscribe(const v1::SubscribeRequest& request,
                         absl::FunctionRef<Reading(const v1::Delivery&)> on_delivery);
  // Calls `on_event` for each step. kStop cancels the request. A failure on the way to the peer is
  // an event, and the result OK.
  absl::Status Send(const v1::SendRequest& request,
                    absl::FunctionRef<Reading(const v1::SendEvent&)> on_event);

 private:
  friend class Application;
  struct Stubs;
  Client(std::shared_ptr<Channel> channel, const ConnectOptions& options);

  const std::shared_ptr<Channel> channel_;
  const ConnectOptions options_;
  const std::unique_ptr<Stubs> stubs_;
};

}  // namespace sipcm::client

#endif  // SIPCM_CLIENTS_CPP_CLIENT_H_
