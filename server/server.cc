#include "server/server.h"

#include <grpc/grpc.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/codegen/service_type.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "core/base/check.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/admin_http/admin_http.h"
#include "server/admin_http/engine_metrics.h"
#include "server/catalog/server_catalog.h"
#include "server/event/event_hub_thread.h"
#include "server/messaging/messaging_service.h"
#include "server/service/admin_service.h"
#include "server/service/certificates_service.h"
#include "server/service/connection_managers_service.h"
#include "server/service/connection_pools_service.h"
#include "server/service/connections_service.h"
#include "server/service/endpoints_service.h"
#include "server/service/events_service.h"
#include "server/validation/field_checks.h"

namespace sipcm::server {
namespace {

// A trust bundle with its 8 MiB of certificates and 32 MiB of CRLs is the largest thing that a
// caller sends; a little more for what is around them.
constexpr int kMaxRequestBytes = (40 << 20) + (64 << 10);
// What gRPC may hold for all callers together: reads wait, and new calls are refused, beyond it.
constexpr size_t kMaxGrpcBytes = 256 << 20;
// For calls that are still open when their streams have ended.
constexpr auto kCallsEnd = std::chrono::seconds(2);

// Of Admin.Drain.
constexpr absl::Duration kDefaultDrainTimeout = absl::Seconds(30);

constexpr const char* kServiceNames[] = {
    "sipcm.v1.Admin",           "sipcm.v1.Certificates", "sipcm.v1.ConnectionManagers",
    "sipcm.v1.ConnectionPools", "sipcm.v1.Connections",  "sipcm.v1.Endpoints",
    "sipcm.v1.Events",          "sipcm.v1.Messaging",
};

EndpointLookup LookupIn(EndpointCatalog* endpoints) {
  return [endpoints](const std::string& id) -> absl::optional<EndpointFacts> {
    const absl::optional<EndpointCatalog::Facts> facts = endpoints->Find(id);
    if (!facts.has_value()) return absl::nullopt;
    return EndpointFacts{facts->manager_id, facts->default_transport};
  };
}

}  // namespace

// How many of a catalogue's resources are in each state that there is, by its lower-case name.
template <typename Counts>
std::map<std::string, int> StateCounts(const google::protobuf::EnumDescriptor& states,
                                       const Counts& counts) {
  std::map<std::string, int> by_name;
  for (int i = 1; i < states.value_count(); ++i) {  // 0 is no state
    by_name[absl::AsciiStrToLower(states.value(i)->name())] = 0;
  }
  for (const auto& [state, count] : counts) {
    by_name[absl::AsciiStrToLower(states.FindValueByNumber(state)->name())] = count;
  }
  return by_name;
}

class Server::Parts {
 public:
  Parts(engine::Engine* engine, Options options)
      : options_(WithEvents(std::move(options))),
        engine_(engine),
        catalogs_(engine, options_.control),
        server_catalog_(&catalogs_.state, &catalogs_.managers, options_.worker_count),
        messaging_(engine, LookupIn(&catalogs_.endpoints)),
        metrics_({engine, [this] { return catalogs_.certificates.EarliestEnd(); },
                  [this] { return catalogs_.trust_bundles.EarliestCertificateEnd(); },
                  [this] { return catalogs_.trust_bundles.EarliestCrlEnd(); },
                  [this] { return catalogs_.managers.Warnings().size(); },
                  [this] {
                    return StateCounts(*sipcm::v1::Certificate::State_descriptor(),
                                       catalogs_.certificates.CountByState());
                  },
                  [this] {
                    return StateCounts(*sipcm::v1::TrustBundle::State_descriptor(),
                                       catalogs_.trust_bundles.CountByState());
                  }}) {
    options_.events->SetAsk(
        [this](uint64_t round, ObjectClasses classes) { AskForState(round, classes); });
    event_thread_ = std::make_unique<EventHubThread>(options_.events);
  }

  ~Parts() { SIPCM_CHECK_MESSAGE(grpc_ == nullptr, "Stop() was not called"); }

  absl::Status Start() {
    SIPCM_RETURN_IF_ERROR(StartGrpc());
    absl::StatusOr<std::unique_ptr<AdminHttp>> http = AdminHttp::Start(
        options_.admin_address,
        {[this] { return HealthNow(); }, [this] { return MetricsText(metrics_); }});
    if (!http.ok()) {
      StopGrpc();
      return http.status();
    }
    http_ = *std::move(http);
    ReportAddresses();
    return absl::OkStatus();
  }

  void SetServing() {
    server_catalog_.SetServing();
    SetGrpcHealth(true);
  }

  void Stop(absl::Duration drain_timeout) {
    server_catalog_.SetDraining(options_.control.now() + drain_timeout,
                                "the process was asked to end");
    SetGrpcHealth(false);
    absl::Notification drained;
    engine_->Shutdown(drain_timeout, [&drained] { drained.Notify(); });
    drained.WaitForNotification();
    const absl::Status why = MakeError(absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
                                       "the server ends; connect again when it is back");
    messaging_.EndStreams(why);
    options_.events->End(why);
    StopGrpc();
    http_.reset();
  }

  // A caller's: the process goes on.
  absl::StatusOr<sipcm::v1::Server> Drain(const sipcm::v1::DrainRequest& request) {
    absl::Duration timeout = kDefaultDrainTimeout;
    if (request.has_timeout()) {
      SIPCM_ASSIGN_OR_RETURN(timeout,
                             CheckDuration(request.timeout(), absl::ZeroDuration(), absl::Hours(24),
                                           ZeroMeaning::kNoException, "timeout"));
    }
    server_catalog_.SetDraining(options_.control.now() + timeout, "a caller asked for it (Drain)");
    SetGrpcHealth(false);
    engine_->Shutdown(timeout, [this] { server_catalog_.SetDrained(); });
    return server_catalog_.Get({});
  }

  Catalogs* catalogs() { return &catalogs_; }
  const std::string& grpc_address() const { return grpc_address_; }
  const net::SocketAddress& admin_address() const { return http_->address(); }

 private:
  static Options WithEvents(Options options) {
    SIPCM_CHECK(options.events != nullptr);
    if (options.control.events == nullptr) options.control.events = options.events;
    return options;
  }

  // On the hub's thread.
  void AskForState(uint64_t round, ObjectClasses classes) {
    const auto wanted = [classes](ObjectClass one) { return (classes & Only(one)) != 0; };
    if (wanted(ObjectClass::kManager)) catalogs_.managers.TellState(round);
    if (wanted(ObjectClass::kEndpoint)) catalogs_.endpoints.TellState(round);
    if (wanted(ObjectClass::kCertificate)) catalogs_.certificates.TellState(round);
    if (wanted(ObjectClass::kTrustBundle)) catalogs_.trust_bundles.TellState(round);
    if (wanted(ObjectClass::kPool) || wanted(ObjectClass::kConnection)) engine_->TellState(round);
  }

  absl::Status StartGrpc() {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    services_.push_back(MakeConnectionManagersService(&catalogs_.managers));
    services_.push_back(MakeEndpointsService(&catalogs_.endpoints));
    services_.push_back(MakeConnectionPoolsService(&catalogs_.pools));
    services_.push_back(MakeConnectionsService(&catalogs_.connections));
    services_.push_back(MakeCertificatesService(&catalogs_.certificates, &catalogs_.trust_bundles));
    services_.push_back(MakeEventsService(options_.events));
    services_.push_back(MakeAdminService(
        &server_catalog_, &catalogs_.state,
        [this](const sipcm::v1::DrainRequest& request) { return Drain(request); }));
    grpc::ServerBuilder builder;
    // A second server on the port must be told, not share it.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetMaxReceiveMessageSize(kMaxRequestBytes);
    grpc::ResourceQuota quota("callers");
    quota.Resize(kMaxGrpcBytes);
    builder.SetResourceQuota(quota);
    int port = 0;
    builder.AddListeningPort(options_.grpc_address, grpc::InsecureServerCredentials(), &port);
    for (const std::unique_ptr<grpc::Service>& service : services_) {
      builder.RegisterService(service.get());
    }
    messaging_.Register(builder);
    grpc_ = builder.BuildAndStart();
    if (grpc_ == nullptr) {
      return MakeError(absl::StatusCode::kUnavailable, "ADDRESS_IN_USE",
                       absl::StrCat("cannot listen on \"", options_.grpc_address,
                                    "\": in use, or not an address of this machine; choose "
                                    "another with --grpc_address, port 0 for any"));
    }
    messaging_.Start();
    SetGrpcHealth(false);
    grpc_address_ = options_.grpc_address;
    grpc_port_ = port;
    if (!absl::StartsWith(grpc_address_, "unix:")) {
      grpc_address_ = absl::StrCat(grpc_address_.substr(0, grpc_address_.rfind(':')), ":", port);
    }
    return absl::OkStatus();
  }

  void StopGrpc() {
    grpc_->Shutdown(std::chrono::system_clock::now() + kCallsEnd);
    messaging_.Stop();
    grpc_.reset();
  }

  void SetGrpcHealth(bool serving) {
    grpc::HealthCheckServiceInterface* health = grpc_->GetHealthCheckService();
    for (const char* name : kServiceNames) health->SetServingStatus(name, serving);
    health->SetServingStatus("", serving);
  }

  AdminHttp::Health HealthNow() const {
    const sipcm::v1::Server::State state = server_catalog_.server_state();
    if (state == sipcm::v1::Server::SERVING) return {true, "ok"};
    return {false, state == sipcm::v1::Server::STARTING ? "starting" : "draining"};
  }

  void ReportAddresses() {
    const absl::StatusOr<net::SocketAddress> grpc = net::SocketAddress::Parse(grpc_address_);
    const net::SocketAddress& admin = http_->address();
    server_catalog_.SetAddresses(grpc.ok() ? grpc->ip.ToString() : "", grpc_port_,
                                 admin.ip.ToString(), admin.port);
  }

  const Options options_;
  engine::Engine* const engine_;
  Catalogs catalogs_;
  ServerCatalog server_catalog_;
  MessagingService messaging_;
  EngineMetrics metrics_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::Server> grpc_;
  std::string grpc_address_;
  int grpc_port_ = 0;
  std::unique_ptr<AdminHttp> http_;
  std::unique_ptr<EventHubThread> event_thread_;  // last: it asks the rest
};

Server::Server(engine::Engine* engine, Options options)
    : parts_(std::make_unique<Parts>(engine, std::move(options))) {}
Server::~Server() = default;

Catalogs* Server::catalogs() { return parts_->catalogs(); }
absl::Status Server::Start() { return parts_->Start(); }
void Server::SetServing() { parts_->SetServing(); }
const std::string& Server::grpc_address() const { return parts_->grpc_address(); }
const net::SocketAddress& Server::admin_address() const { return parts_->admin_address(); }
void Server::Stop(absl::Duration drain_timeout) { parts_->Stop(drain_timeout); }

}  // namespace sipcm::server
