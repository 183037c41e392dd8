// The server over a fake engine and a real gRPC channel: what the catalogues cannot show.

#include "server/server.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "proto/sipcm/v1/admin.grpc.pb.h"
#include "proto/sipcm/v1/certificates.grpc.pb.h"
#include "proto/sipcm/v1/connection_managers.grpc.pb.h"
#include "proto/sipcm/v1/connection_pools.grpc.pb.h"
#include "proto/sipcm/v1/connections.grpc.pb.h"
#include "proto/sipcm/v1/endpoints.grpc.pb.h"
#include "proto/sipcm/v1/error.pb.h"
#include "proto/sipcm/v1/events.grpc.pb.h"
#include "tests/fakes/fake_engine.h"
#include "tests/server/health_probe.h"

namespace sipcm::server {
namespace {

using grpc::ClientContext;
using grpc::StatusCode;
using sipcm::v1::ErrorDetail;

class ServerTest : public testing::Test {
 protected:
  ServerTest() : server_(&engine_, OptionsOf("127.0.0.1:0", &hub_)) {
    engine_.SetEvents(&hub_);
    const absl::Status started = server_.Start();
    EXPECT_TRUE(started.ok()) << started;
    server_.SetServing();
    channel_ = grpc::CreateChannel(server_.grpc_address(), grpc::InsecureChannelCredentials());
    managers_ = sipcm::v1::ConnectionManagers::NewStub(channel_);
  }
  ~ServerTest() override {
    if (!stopped_) server_.Stop(absl::ZeroDuration());
  }

  static Server::Options OptionsOf(const std::string& grpc_address, EventHub* hub) {
    Server::Options options;
    options.events = hub;
    options.grpc_address = grpc_address;
    options.admin_address = *net::SocketAddress::Parse("127.0.0.1:0");
    options.control.now = absl::Now;
    return options;
  }

  // The one detail of an error.
  static ErrorDetail DetailOf(const grpc::Status& status) {
    sipcm::v1::RpcStatus rpc;
    ErrorDetail detail;
    EXPECT_TRUE(rpc.ParseFromString(status.error_details()));
    EXPECT_EQ(rpc.code(), static_cast<int>(status.error_code()));
    EXPECT_EQ(rpc.message(), status.error_message());
    EXPECT_TRUE(rpc.details_size() == 1 && rpc.details(0).UnpackTo(&detail));
    return detail;
  }

  grpc::Status CreateManager(const std::string& id) {
    ClientContext context;
    sipcm::v1::CreateConnectionManagerRequest request;
    request.set_connection_manager_id(id);
    request.mutable_connection_manager()->set_kind(sipcm::v1::ConnectionManager::SERVER_TCP);
    request.mutable_connection_manager()->add_listen_addresses()->set_host("127.0.0.1");
    sipcm::v1::ConnectionManager manager;
    return managers_->CreateConnectionManager(&context, request, &manager);
  }

  EventHub hub_{absl::Now};
  fakes::FakeEngine engine_;
  Server server_;
  bool stopped_ = false;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<sipcm::v1::ConnectionManagers::Stub> managers_;
};

TEST_F(ServerTest, ErrorsCarryTheirReasonAndFieldInTheStatusDetails) {
  ASSERT_TRUE(CreateManager("edge").ok());
  const grpc::Status taken = CreateManager("edge");
  EXPECT_EQ(taken.error_code(), StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(DetailOf(taken).reason(), ErrorDetail::RESOURCE_EXISTS);
  const grpc::Status bad = CreateManager("a/b");
  EXPECT_EQ(bad.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailOf(bad).reason(), ErrorDetail::INVALID_NAME);
  EXPECT_EQ(DetailOf(bad).field(), "connection_manager_id");
}

TEST_F(ServerTest, CallsThatWaitForWorkersAreAnswered) {
  ASSERT_TRUE(CreateManager("edge").ok());
  sipcm::v1::ConnectionManager manager;
  {
    ClientContext context;
    sipcm::v1::StartListeningRequest request;
    request.set_name("connectionManagers/edge");
    ASSERT_TRUE(managers_->StartListening(&context, request, &manager).ok());
    EXPECT_EQ(manager.state(), sipcm::v1::ConnectionManager::LISTENING);
  }
  {
    ClientContext context;
    sipcm::v1::StopListeningRequest request;
    request.set_name("connectionManagers/edge");
    ASSERT_TRUE(managers_->StopListening(&context, request, &manager).ok());
    EXPECT_EQ(manager.state(), sipcm::v1::ConnectionManager::IDLE);
  }
  ClientContext context;
  sipcm::v1::ListConnectionsResponse connections;
  EXPECT_TRUE(
      sipcm::v1::Connections::NewStub(channel_)->ListConnections(&context, {}, &connections).ok());
}

TEST_F(ServerTest, EveryServiceAnswers) {
  {
    ClientContext context;
    sipcm::v1::ListEndpointsResponse response;
    EXPECT_TRUE(
        sipcm::v1::Endpoints::NewStub(channel_)->ListEndpoints(&context, {}, &response).ok());
  }
  {
    ClientContext context;
    sipcm::v1::ListConnectionPoolsResponse response;
    EXPECT_TRUE(sipcm::v1::ConnectionPools::NewStub(channel_)
                    ->ListConnectionPools(&context, {}, &response)
                    .ok());
  }
  const auto certificates = sipcm::v1::Certificates::NewStub(channel_);
  {
    ClientContext context;
    sipcm::v1::ListCertificatesResponse response;
    EXPECT_TRUE(certificates->ListCertificates(&context, {}, &response).ok());
  }
  ClientContext context;
  sipcm::v1::ListTrustBundlesResponse response;
  EXPECT_TRUE(certificates->ListTrustBundles(&context, {}, &response).ok());
}

TEST_F(ServerTest, WhatComesLaterSaysSo) {
  const auto admin = sipcm::v1::Admin::NewStub(channel_);
  const auto events = sipcm::v1::Events::NewStub(channel_);
  std::vector<grpc::Status> statuses;
  {
    ClientContext context;
    sipcm::v1::ApplyConfigResponse response;
    statuses.push_back(admin->ApplyConfig(&context, {}, &response));
  }
  {
    ClientContext context;
    statuses.push_back(events->TraceMessages(&context, {})->Finish());
  }
  for (const grpc::Status& status : statuses) {
    EXPECT_EQ(status.error_code(), StatusCode::UNIMPLEMENTED);
    EXPECT_EQ(DetailOf(status).reason(), ErrorDetail::NOT_IN_THIS_VERSION);
    EXPECT_TRUE(absl::StrContains(status.error_message(), "not served by this version"));
  }
}

TEST_F(ServerTest, AWatcherReadsWhatIsThenWhatChangesThenWhyItEnds) {
  ASSERT_TRUE(CreateManager("edge").ok());
  ClientContext context;
  const auto events = sipcm::v1::Events::NewStub(channel_);
  const auto stream = events->Watch(&context, {});
  sipcm::v1::Event event;
  ASSERT_TRUE(stream->Read(&event));
  EXPECT_EQ(event.kind(), sipcm::v1::Event::EXISTING);
  EXPECT_EQ(event.connection_manager().name(), "connectionManagers/edge");
  ASSERT_TRUE(stream->Read(&event));
  EXPECT_EQ(event.kind(), sipcm::v1::Event::SYNCED);
  const int64_t synced = event.sequence();
  ASSERT_TRUE(CreateManager("core").ok());
  ASSERT_TRUE(stream->Read(&event));
  EXPECT_EQ(event.kind(), sipcm::v1::Event::CONNECTION_MANAGER_ADDED);
  EXPECT_EQ(event.sequence(), synced + 1);
  server_.Stop(absl::ZeroDuration());
  stopped_ = true;
  ASSERT_TRUE(stream->Read(&event));
  EXPECT_EQ(event.kind(), sipcm::v1::Event::SERVER_STATE);
  EXPECT_EQ(event.name(), "server");
  EXPECT_FALSE(stream->Read(&event));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), StatusCode::UNAVAILABLE);
  EXPECT_EQ(DetailOf(status).reason(), ErrorDetail::SHUTTING_DOWN);
}

TEST_F(ServerTest, AWatchForWhatIsNoNameIsRefused) {
  ClientContext context;
  const auto events = sipcm::v1::Events::NewStub(channel_);
  sipcm::v1::WatchRequest request;
  request.add_names("endpoints/alice");
  request.add_names("alice");
  const grpc::Status status = events->Watch(&context, request)->Finish();
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailOf(status).reason(), ErrorDetail::INVALID_NAME);
  EXPECT_EQ(DetailOf(status).field(), "names[1]");
}

TEST_F(ServerTest, GetServerSaysWhereItServesAndWhatItHolds) {
  ASSERT_TRUE(CreateManager("edge").ok());
  ClientContext context;
  sipcm::v1::Server response;
  ASSERT_TRUE(sipcm::v1::Admin::NewStub(channel_)->GetServer(&context, {}, &response).ok());
  EXPECT_EQ(response.name(), "server");
  EXPECT_EQ(response.state(), sipcm::v1::Server::SERVING);
  EXPECT_EQ(absl::StrCat("127.0.0.1:", response.grpc_address().port()), server_.grpc_address());
  EXPECT_EQ(response.admin_address().port(), server_.admin_address().port);
  EXPECT_EQ(response.connection_manager_count(), 1);
}

TEST_F(ServerTest, HealthAndReflectionAreOn) {
  EXPECT_EQ(ProbeHealth(channel_, ""), "SERVING");
  EXPECT_EQ(ProbeHealth(channel_, "sipcm.v1.Messaging"), "SERVING");
  EXPECT_EQ(ProbeHealth(channel_, "sipcm.v1.Nothing"), "NOT_FOUND");
  const std::string services = ListServices(channel_);
  for (const char* name : {"sipcm.v1.Admin", "sipcm.v1.Certificates", "sipcm.v1.ConnectionManagers",
                           "sipcm.v1.ConnectionPools", "sipcm.v1.Connections", "sipcm.v1.Endpoints",
                           "sipcm.v1.Events", "sipcm.v1.Messaging", "grpc.health.v1.Health"}) {
    EXPECT_TRUE(absl::StrContains(services, name)) << name;
  }
}

TEST_F(ServerTest, ATakenAddressIsNamedAndLeavesNothing) {
  fakes::FakeEngine engine;
  EventHub second_hub(absl::Now);
  Server second(&engine, OptionsOf(server_.grpc_address(), &second_hub));
  const absl::Status refused = second.Start();
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(absl::StrContains(refused.message(), server_.grpc_address()));
  EventHub third_hub(absl::Now);
  Server::Options options = OptionsOf("127.0.0.1:0", &third_hub);
  options.admin_address = server_.admin_address();
  Server third(&engine, std::move(options));
  EXPECT_TRUE(absl::StrContains(third.Start().message(), "--admin_address"));
}

TEST_F(ServerTest, AUnixSocketServesToo) {
  fakes::FakeEngine engine;
  // A test's own folder may be too deep for a socket's path.
  std::string folder = "/tmp/sipcm-server-test-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string address = absl::StrCat("unix:", folder, "/api.sock");
  EventHub hub(absl::Now);
  Server server(&engine, OptionsOf(address, &hub));
  ASSERT_TRUE(server.Start().ok());
  EXPECT_EQ(server.grpc_address(), address);
  server.SetServing();
  EXPECT_EQ(ProbeHealth(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()), ""),
            "SERVING");
  server.Stop(absl::ZeroDuration());
  rmdir(folder.c_str());
}

TEST_F(ServerTest, StopEndsTheEngineAndThenEveryDoor) {
  httplib::Client http("127.0.0.1", server_.admin_address().port);
  EXPECT_EQ(http.Get("/healthz")->status, 200);
  server_.Stop(absl::ZeroDuration());
  stopped_ = true;
  EXPECT_TRUE(engine_.shut_down());
  EXPECT_FALSE(http.Get("/healthz"));
  EXPECT_EQ(ProbeHealth(channel_, ""), "UNAVAILABLE");
}

}  // namespace
}  // namespace sipcm::server
