#include "clients/cpp/client.h"

#include <google/protobuf/empty.pb.h>
#include <grpcpp/create_channel.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cpp/channel.h"
#include "clients/cpp/client_status.h"
#include "proto/sipcm/v1/admin.grpc.pb.h"
#include "proto/sipcm/v1/certificates.grpc.pb.h"
#include "proto/sipcm/v1/connection_managers.grpc.pb.h"
#include "proto/sipcm/v1/connection_pools.grpc.pb.h"
#include "proto/sipcm/v1/connections.grpc.pb.h"
#include "proto/sipcm/v1/endpoints.grpc.pb.h"
#include "proto/sipcm/v1/messaging.grpc.pb.h"

namespace sipcm::client {
namespace {

// gRPC's own pace of making a lost connection again; its default goes up to two minutes.
constexpr int kFirstReconnectMilliseconds = 100;
constexpr int kMaxReconnectMilliseconds = 5000;

// One unary call of `stub`.
template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Call(Stub& stub, absl::Duration timeout,
                              grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                           Response*),
                              const Request& request) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) return FromGrpcStatus(status);
  return response;
}

// Reads a stream until it ends, or the reader has enough.
template <typename Message>
absl::Status ReadAll(grpc::ClientContext* context, grpc::ClientReader<Message>* reader,
                     absl::FunctionRef<Reading(const Message&)> on_message) {
  bool stopped = false;
  Message message;
  while (reader->Read(&message)) {
    if (!stopped && on_message(message) == Reading::kStop) {
      stopped = true;
      context->TryCancel();
    }
  }
  const absl::Status status = FromGrpcStatus(reader->Finish());
  return stopped ? absl::OkStatus() : status;
}

}  // namespace

struct Client::Stubs {
  explicit Stubs(const std::shared_ptr<grpc::Channel>& channel)
      : managers(channel),
        pools(channel),
        connections(channel),
        endpoints(channel),
        certificates(channel),
        admin(channel),
        messaging(channel) {}

  v1::ConnectionManagers::Stub managers;
  v1::ConnectionPools::Stub pools;
  v1::Connections::Stub connections;
  v1::Endpoints::Stub endpoints;
  v1::Certificates::Stub certificates;
  v1::Admin::Stub admin;
  v1::Messaging::Stub messaging;
};

absl::StatusOr<std::unique_ptr<Client>> Client::Connect(const std::string& address,
                                                        const ConnectOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMilliseconds);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kFirstReconnectMilliseconds);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kMaxReconnectMilliseconds);
  arguments.SetMaxReceiveMessageSize(-1);  // a SIP body may be larger than gRPC's 4 MB
  auto channel = std::make_shared<Channel>();
  channel->channel =
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  if (!channel->channel->WaitForConnected(
          absl::ToChronoTime(absl::Now() + options.connect_timeout))) {
    return absl::UnavailableError(
        absl::StrCat("no sipcm server answers at \"", address, "\" within ",
                     absl::FormatDuration(options.connect_timeout),
                     "; is it running with --grpc_address=", address, "?"));
  }
  return std::unique_ptr<Client>(new Client(std::move(channel), options));
}

Client::Client(std::shared_ptr<Channel> channel, const ConnectOptions& options)
    : channel_(std::move(channel)),
      options_(options),
      stubs_(std::make_unique<Stubs>(channel_->channel)) {}

Client::~Client() = default;

// The calls that have one request and one response differ in names only.
#define SIPCM_CALL(service, Response, Method)                                                    \
  absl::StatusOr<v1::Response> Client::Method(const v1::Method##Request& request) {              \
    using Stub = std::remove_reference_t<decltype(stubs_->service)>;                             \
    return Call<Stub, v1::Method##Request, v1::Response>(stubs_->service, options_.call_timeout, \
                                                         &Stub::Method, request);                \
  }
#define SIPCM_DELETE_CALL(service, Method)                                     \
  absl::Status Client::Method(const v1::Method##Request& request) {            \
    using Stub = std::remove_reference_t<decltype(stubs_->service)>;           \
    return Call<Stub, v1::Method##Request, google::protobuf::Empty>(           \
               stubs_->service, options_.call_timeout, &Stub::Method, request) \
        .status();                                                             \
  }

SIPCM_CALL(managers, ConnectionManager, CreateConnectionManager)
SIPCM_CALL(managers, ConnectionManager, GetConnectionManager)
SIPCM_CALL(managers, ListConnectionManagersResponse, ListConnectionManagers)
SIPCM_CALL(managers, ConnectionManager, UpdateConnectionManager)
SIPCM_DELETE_CALL(managers, DeleteConnectionManager)
SIPCM_CALL(managers, ConnectionManager, StartListening)
SIPCM_CALL(managers, ConnectionManager, StopListening)
SIPCM_CALL(managers, AddAllowedDomainResponse, AddAllowedDomain)
SIPCM_CALL(managers, RemoveAllowedDomainResponse, RemoveAllowedDomain)
SIPCM_CALL(managers, CheckPeerResponse, CheckPeer)

SIPCM_CALL(pools, ConnectionPool, GetConnectionPool)
SIPCM_CALL(pools, ListConnectionPoolsResponse, ListConnectionPools)
SIPCM_CALL(pools, ConnectionPool, UpdateConnectionPool)
SIPCM_DELETE_CALL(pools, DeleteConnectionPool)

SIPCM_CALL(connections, Connection, GetConnection)
SIPCM_CALL(connections, ListConnectionsResponse, ListConnections)
SIPCM_CALL(connections, Connection, UpdateConnection)
SIPCM_CALL(connections, Connection, CloseConnection)

SIPCM_CALL(endpoints, Endpoint, CreateEndpoint)
SIPCM_CALL(endpoints, Endpoint, GetEndpoint)
SIPCM_CALL(endpoints, ListEndpointsResponse, ListEndpoints)
SIPCM_CALL(endpoints, Endpoint, UpdateEndpoint)
SIPCM_DELETE_CALL(endpoints, DeleteEndpoint)
SIPCM_CALL(endpoints, ExplainDispatchResponse, ExplainDispatch)

SIPCM_CALL(certificates, Certificate, CreateCertificate)
SIPCM_CALL(certificates, Certificate, GetCertificate)
SIPCM_CALL(certificates, ListCertificatesResponse, ListCertificates)
SIPCM_CALL(certificates, Certificate, UpdateCertificate)
SIPCM_DELETE_CALL(certificates, DeleteCertificate)
SIPCM_CALL(certificates, TrustBundle, CreateTrustBundle)
SIPCM_CALL(certificates, TrustBundle, GetTrustBundle)
SIPCM_CALL(certificates, ListTrustBundlesResponse, ListTrustBundles)
SIPCM_CALL(certificates, TrustBundle, UpdateTrustBundle)
SIPCM_DELETE_CALL(certificates, DeleteTrustBundle)

SIPCM_CALL(admin, Server, GetServer)
SIPCM_CALL(admin, Server, Drain)
SIPCM_CALL(admin, ExportConfigResponse, ExportConfig)
SIPCM_CALL(admin, ApplyConfigResponse, ApplyConfig)

SIPCM_CALL(messaging, RespondResponse, Respond)

#undef SIPCM_CALL
#undef SIPCM_DELETE_CALL

absl::Status Client::Subscribe(const v1::SubscribeRequest& request,
                               absl::FunctionRef<Reading(const v1::Delivery&)> on_delivery) {
  grpc::ClientContext context;
  return ReadAll<v1::Delivery>(&context, stubs_->messaging.Subscribe(&context, request).get(),
                               on_delivery);
}

absl::Status Client::Send(const v1::SendRequest& request,
                          absl::FunctionRef<Reading(const v1::SendEvent&)> on_event) {
  grpc::ClientContext context;
  return ReadAll<v1::SendEvent>(&context, stubs_->messaging.Send(&context, request).get(),
                                on_event);
}

}  // namespace sipcm::client
