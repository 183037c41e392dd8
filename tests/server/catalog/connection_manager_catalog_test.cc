#include "server/catalog/connection_manager_catalog.h"

#include "absl/strings/match.h"
#include "tests/server/catalog/catalog_fixture.h"

namespace sipcm::server {
namespace {

using sipcm::v1::ConnectionManager;

constexpr char kTcp[] =
    R"({"kind":"SERVER_TCP","listen_addresses":[{"host":"127.0.0.1","port":0}]})";

class ConnectionManagerCatalogTest : public CatalogTest {
 protected:
  absl::StatusOr<ConnectionManager> Update(const std::string& manager, const std::string& mask) {
    return catalogs_.managers.Update(FromJson<sipcm::v1::UpdateConnectionManagerRequest>(
        "{\"connection_manager\":" + manager + ",\"update_mask\":\"" + mask + "\"}"));
  }
  absl::StatusOr<ConnectionManager> Start(const std::string& name) {
    sipcm::v1::StartListeningRequest request;
    request.set_name(name);
    return catalogs_.managers.StartListening(request);
  }
  absl::StatusOr<ConnectionManager> Stop(const std::string& name) {
    return Await<ConnectionManager>([&](Done<ConnectionManager> done) {
      sipcm::v1::StopListeningRequest request;
      request.set_name(name);
      catalogs_.managers.StopListening(request, std::move(done));
    });
  }
  absl::StatusOr<ConnectionManager> Get(const std::string& name) {
    sipcm::v1::GetConnectionManagerRequest request;
    request.set_name(name);
    return catalogs_.managers.Get(request);
  }
  absl::StatusOr<sipcm::v1::RemoveAllowedDomainResponse> Remove(const std::string& json) {
    return Await<sipcm::v1::RemoveAllowedDomainResponse>(
        [&](Done<sipcm::v1::RemoveAllowedDomainResponse> done) {
          catalogs_.managers.RemoveAllowedDomain(
              FromJson<sipcm::v1::RemoveAllowedDomainRequest>(json), std::move(done));
        });
  }
};

TEST_F(ConnectionManagerCatalogTest, ANewManagerSaysWhatIsInForce) {
  const auto manager = CreateManager("edge", kTcp);
  ASSERT_TRUE(manager.ok()) << manager.status();
  EXPECT_EQ(manager->name(), "connectionManagers/edge");
  EXPECT_EQ(manager->state(), ConnectionManager::IDLE);
  EXPECT_EQ(manager->first_message_timeout().seconds(), 60);
  EXPECT_EQ(manager->default_incoming_connection_timeout().seconds(), 900);
  EXPECT_EQ(manager->default_max_connection_count(), 5);
  EXPECT_EQ(manager->limits().max_body_bytes(), 1048576);
  ASSERT_EQ(manager->allowed_domains_size(), 1);
  EXPECT_EQ(manager->allowed_domains(0).pattern(), "localhost");
  EXPECT_FALSE(manager->etag().empty());
}

TEST_F(ConnectionManagerCatalogTest, TheEngineGetsTheSettings) {
  ASSERT_TRUE(CreateManager("edge", R"({"kind":"SERVER_TCP","first_message_timeout":"2.5s",
      "default_incoming_connection_timeout":"0s","default_max_connection_count":3,
      "default_min_connection_count":2,"default_selection":"LEAST_OUTSTANDING",
      "connection_wait_timeout":"1.5s",
      "limits":{"max_body_bytes":1000,"max_queued_delivery_count":7},"strict_dispatching":true,
      "dispatch_profile":"RFC","default_endpoint":"endpoints/fallback",
      "local_host_name":"edge.example.com"})")
                  .ok());
  const engine::ManagerConfig config = engine_.manager("edge");
  EXPECT_EQ(config.connection.first_message_timeout, absl::Milliseconds(2500));
  EXPECT_EQ(config.connection.incoming_idle_timeout, absl::InfiniteDuration());
  EXPECT_EQ(config.default_pool_limits.max_connection_count, 3);
  EXPECT_EQ(config.default_pool_limits.min_connection_count, 2);
  EXPECT_EQ(config.default_pool_limits.selection, pool::SelectionPolicy::kLeastOutstanding);
  EXPECT_EQ(config.default_pool_limits.max_wait_time, absl::Milliseconds(1500));
  EXPECT_EQ(config.connection.framer.max_body_bytes, 1000u);
  EXPECT_EQ(config.dispatch.strictness, dispatch::DispatchStrictness::kStrict);
  EXPECT_EQ(config.dispatch.profile, dispatch::DispatchProfile::kRfc);
  EXPECT_EQ(config.dispatch.default_endpoint_id, "fallback");
  EXPECT_EQ(config.local_host_name, "edge.example.com");
}

struct Refusal {
  const char* manager;
  const char* reason;
  const char* field;
};
class RefusedManagerTest : public ConnectionManagerCatalogTest,
                           public testing::WithParamInterface<Refusal> {};

TEST_P(RefusedManagerTest, NamesTheFieldAndCreatesNothing) {
  const auto manager = CreateManager("edge", GetParam().manager);
  ExpectInvalid(manager.status(), GetParam().reason,
                std::string("connection_manager.") + GetParam().field);
  EXPECT_FALSE(engine_.has_manager("edge"));
}

INSTANTIATE_TEST_SUITE_P(
    , RefusedManagerTest,
    testing::Values(
        Refusal{"{}", "REQUIRED_FIELD_MISSING", "kind"},
        Refusal{R"({"kind":77})", "INVALID_FIELD", "kind"},
        Refusal{R"({"kind":"SERVER_TCP","listen_addresses":[{"host":"localhost"}]})",
                "INVALID_FIELD", "listen_addresses[0].host"},
        Refusal{R"({"kind":"SERVER_TCP","listen_addresses":[{"host":"::1"},
                {"host":"127.0.0.1","port":70000}]})",
                "FIELD_OUT_OF_RANGE", "listen_addresses[1].port"},
        Refusal{R"({"kind":"SERVER_TCP","listen_addresses":[{"host":"::1"},
                {"host":"127.0.0.1","port":5060}]})",
                "CONFLICTING_FIELDS", "listen_addresses[1].port"},
        Refusal{R"({"kind":"CLIENT","listen_addresses":[{"host":"::1"}]})", "CONFLICTING_FIELDS",
                "listen_addresses"},
        Refusal{R"({"kind":"SERVER_TCP","mutual_tls":"REQUIRE"})", "CONFLICTING_FIELDS",
                "mutual_tls"},
        Refusal{R"({"kind":"SERVER_TCP","certificate":"certificates/a"})", "CONFLICTING_FIELDS",
                "certificate"},
        Refusal{R"({"kind":"SERVER_TCP","sharing":"DEDICATED"})", "CONFLICTING_FIELDS", "sharing"},
        Refusal{R"({"kind":"SERVER_TCP","allowed_domains":[{"pattern":"*.example.com"}]})",
                "INVALID_DOMAIN_PATTERN", "allowed_domains[0].pattern"},
        Refusal{R"({"kind":"SERVER_TCP","allowed_domains":[{"pattern":"a.example"},
                {"pattern":"A.Example."}]})",
                "CONFLICTING_FIELDS", "allowed_domains[1].pattern"},
        Refusal{R"({"kind":"SERVER_TCP","handshake_timeout":"0.05s"})", "FIELD_OUT_OF_RANGE",
                "handshake_timeout"},
        Refusal{R"({"kind":"SERVER_TCP","default_incoming_connection_timeout":"-1s"})",
                "FIELD_OUT_OF_RANGE", "default_incoming_connection_timeout"},
        Refusal{R"({"kind":"SERVER_TCP","default_max_connection_count":0})", "FIELD_OUT_OF_RANGE",
                "default_max_connection_count"},
        Refusal{R"({"kind":"SERVER_TCP","limits":{"max_header_bytes":10}})", "FIELD_OUT_OF_RANGE",
                "limits.max_header_bytes"},
        Refusal{R"({"kind":"SERVER_TCP","limits":{"max_body_bytes":3670017}})",
                "FIELD_OUT_OF_RANGE", "limits.max_body_bytes"},
        Refusal{R"({"kind":"SERVER_TCP","connection_throttling":{"high":2,"low":4}})",
                "THROTTLE_MARKS_REVERSED", "connection_throttling.low"},
        Refusal{R"({"kind":"SERVER_TCP","default_max_connection_count":3,
                    "default_min_connection_count":4})",
                "FIELD_OUT_OF_RANGE", "default_min_connection_count"},
        Refusal{R"({"kind":"SERVER_TCP","message_throttling":{"high":-1}})", "FIELD_OUT_OF_RANGE",
                "message_throttling.high"},
        Refusal{R"({"kind":"SERVER_TLS","extended_key_usage":{"required":["clientAuth","x"]}})",
                "INVALID_FIELD", "extended_key_usage.required[1]"},
        Refusal{R"({"kind":"SERVER_TCP","local_host_name":"a b"})", "INVALID_FIELD",
                "local_host_name"},
        Refusal{R"({"kind":"SERVER_TCP","default_endpoint":"alice"})", "INVALID_NAME",
                "default_endpoint"}));

TEST_F(ConnectionManagerCatalogTest, NamesOfObjectsThatAreNotThereAreRefused) {
  ExpectRefused(
      CreateManager("edge", R"({"kind":"SERVER_TLS","certificate":"certificates/no"})").status(),
      absl::StatusCode::kFailedPrecondition, "REFERENCED_RESOURCE_NOT_FOUND",
      "connection_manager.certificate");
  ExpectRefused(CreateManager("edge", R"({"kind":"SERVER_TLS","allowed_domains":
          [{"pattern":"a.example","trust_bundle":"trustBundles/no"}]})")
                    .status(),
                absl::StatusCode::kFailedPrecondition, "REFERENCED_RESOURCE_NOT_FOUND",
                "connection_manager.allowed_domains[0].trust_bundle");
}

TEST_F(ConnectionManagerCatalogTest, ValidateOnlyChecksAndCreatesNothing) {
  auto request = FromJson<sipcm::v1::CreateConnectionManagerRequest>(
      R"({"connection_manager_id":"edge","connection_manager":{"kind":"SERVER_TCP"},
          "validate_only":true})");
  EXPECT_TRUE(catalogs_.managers.Create(request).ok());
  EXPECT_FALSE(engine_.has_manager("edge"));
  EXPECT_EQ(Get("connectionManagers/edge").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ConnectionManagerCatalogTest, ListeningIsStartedAndStoppedOnce) {
  ASSERT_TRUE(CreateManager("edge", kTcp).ok());
  EXPECT_EQ(ReasonOf(Stop("connectionManagers/edge").status()), "NOT_LISTENING");
  const auto started = Start("connectionManagers/edge");
  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_EQ(started->state(), ConnectionManager::LISTENING);
  EXPECT_EQ(started->bound_addresses(0).port(), 50000);
  EXPECT_EQ(ReasonOf(Start("connectionManagers/edge").status()), "ALREADY_LISTENING");
  const auto stopped = Stop("connectionManagers/edge");
  ASSERT_TRUE(stopped.ok()) << stopped.status();
  EXPECT_EQ(stopped->state(), ConnectionManager::IDLE);
  EXPECT_EQ(stopped->bound_addresses_size(), 0);
}

TEST_F(ConnectionManagerCatalogTest, WhatCannotListenSaysWhy) {
  ASSERT_TRUE(CreateManager("client", R"({"kind":"CLIENT"})").ok());
  ASSERT_TRUE(CreateManager("bare", R"({"kind":"SERVER_TCP"})").ok());
  ASSERT_TRUE(
      CreateManager("tls", R"({"kind":"SERVER_TLS","listen_addresses":[{"host":"::1"}]})").ok());
  EXPECT_EQ(ReasonOf(Start("connectionManagers/client").status()), "CLIENT_MANAGER_NEVER_LISTENS");
  EXPECT_EQ(ReasonOf(Start("connectionManagers/bare").status()), "NO_LISTEN_ADDRESS");
  EXPECT_EQ(ReasonOf(Start("connectionManagers/tls").status()), "CERTIFICATE_MISSING");
  EXPECT_EQ(ReasonOf(Start("connectionManagers/none").status()), "RESOURCE_NOT_FOUND");
}

TEST_F(ConnectionManagerCatalogTest, AutoStartListensAtOnceAndAFailureLeavesTheManager) {
  const std::string manager =
      R"({"kind":"SERVER_TCP","auto_start":true,"listen_addresses":[{"host":"::1"}]})";
  EXPECT_EQ(CreateManager("one", manager)->state(), ConnectionManager::LISTENING);
  engine_.FailNextListening(absl::UnavailableError("port is taken"));
  const auto failed = CreateManager("two", manager);
  ASSERT_TRUE(failed.ok());
  EXPECT_EQ(failed->state(), ConnectionManager::FAILED);
  EXPECT_EQ(failed->state_reason(), "port is taken");
}

TEST_F(ConnectionManagerCatalogTest, AnUpdateChangesWhatItNames) {
  const auto created = CreateManager("edge", kTcp);
  const auto updated =
      Update(R"({"name":"connectionManagers/edge","display_name":"the edge","pong_timeout":"3s"})",
             "displayName,pongTimeout");
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->display_name(), "the edge");
  EXPECT_EQ(engine_.manager("edge").connection.pong_timeout, absl::Seconds(3));
  EXPECT_NE(updated->etag(), created->etag());
  EXPECT_EQ(updated->listen_addresses_size(), 1);
}

TEST_F(ConnectionManagerCatalogTest, AnUpdateThatChangesNothingKeepsTheEtag) {
  const auto created = CreateManager("edge", R"({"kind":"SERVER_TCP","display_name":"a"})");
  const auto updated =
      Update(R"({"name":"connectionManagers/edge","display_name":"a"})", "display_name");
  EXPECT_EQ(updated->etag(), created->etag());
  EXPECT_EQ(engine_.apply_manager_count(), 1);
}

TEST_F(ConnectionManagerCatalogTest, AnUpdateWithAnOldEtagIsAborted) {
  ASSERT_TRUE(CreateManager("edge", kTcp).ok());
  const auto updated = Update(
      R"({"name":"connectionManagers/edge","display_name":"a","etag":"old"})", "display_name");
  ExpectRefused(updated.status(), absl::StatusCode::kAborted, "ETAG_MISMATCH", "etag");
}

TEST_F(ConnectionManagerCatalogTest, ListenAddressesStayWhileListening) {
  ASSERT_TRUE(CreateManager("edge", kTcp).ok());
  const std::string manager =
      R"({"name":"connectionManagers/edge","listen_addresses":[{"host":"::1"}]})";
  EXPECT_TRUE(Update(manager, "listenAddresses").ok());
  ASSERT_TRUE(Start("connectionManagers/edge").ok());
  ExpectRefused(
      Update(R"({"name":"connectionManagers/edge","listen_addresses":[{"host":"127.0.0.1"}]})",
             "listenAddresses")
          .status(),
      absl::StatusCode::kFailedPrecondition, "MANAGER_LISTENING",
      "connection_manager.listen_addresses");
  EXPECT_TRUE(
      Update(R"({"name":"connectionManagers/edge","pong_timeout":"1s"})", "pongTimeout").ok());
}

TEST_F(ConnectionManagerCatalogTest, AnEmptyListOfDomainsNeedsConsent) {
  ASSERT_TRUE(CreateManager("edge", R"({"kind":"SERVER_TLS"})").ok());
  ExpectInvalid(Update(R"({"name":"connectionManagers/edge"})", "allowedDomains").status(),
                "ALLOWED_DOMAINS_WOULD_BE_EMPTY", "connection_manager.allowed_domains");
  EXPECT_TRUE(Update(R"({"name":"connectionManagers/edge","allow_any_domain":true})",
                     "allowedDomains,allowAnyDomain")
                  .ok());
  EXPECT_TRUE(engine_.manager("edge").allowed_domains.empty());
  EXPECT_TRUE(engine_.manager("edge").allow_any_domain);
}

TEST_F(ConnectionManagerCatalogTest, DomainsAreAddedAndRemovedInTheirNormalForm) {
  ASSERT_TRUE(CreateManager("edge", kTcp).ok());
  const std::string add =
      R"({"name":"connectionManagers/edge","domain":{"pattern":".Contoso.com."}})";
  const auto add_request = FromJson<sipcm::v1::AddAllowedDomainRequest>(add);
  EXPECT_TRUE(catalogs_.managers.AddAllowedDomain(add_request)->added());
  EXPECT_FALSE(catalogs_.managers.AddAllowedDomain(add_request)->added());
  EXPECT_EQ(engine_.manager("edge").allowed_domains.size(), 2u);
  EXPECT_EQ(engine_.manager("edge").allowed_domains[1].pattern.text(), ".contoso.com");
  EXPECT_TRUE(Remove(R"({"name":"connectionManagers/edge","pattern":".CONTOSO.com"})")->removed());
  EXPECT_FALSE(Remove(R"({"name":"connectionManagers/edge","pattern":".contoso.com"})")->removed());
  ExpectRefused(Remove(R"({"name":"connectionManagers/edge","pattern":"localhost"})").status(),
                absl::StatusCode::kFailedPrecondition, "ALLOWED_DOMAINS_WOULD_BE_EMPTY", "pattern");
}

TEST_F(ConnectionManagerCatalogTest, RemovingADomainClosesItsConnectionsWhenAsked) {
  ASSERT_TRUE(
      CreateManager("edge", R"({"kind":"SERVER_TLS","allowed_domains":[{"pattern":"a.example"},
                              {"pattern":"b.example"}]})")
          .ok());
  auto peer = std::make_shared<tls::PeerIdentity>();
  peer->matched_allowed_domain = "a.example";
  engine::ConnectionSnapshot connection;
  connection.manager_id = "edge";
  connection.peer = peer;
  connection.id = connection::ConnectionId(0, 1);
  engine_.PutConnection(connection);
  const auto removed = Remove(
      R"({"name":"connectionManagers/edge","pattern":"a.example","close_connections":true})");
  ASSERT_TRUE(removed.ok()) << removed.status();
  EXPECT_EQ(removed->closed_connection_count(), 1);
}

TEST_F(ConnectionManagerCatalogTest, AnExpiredLastEntryNeverOpensTheList) {
  ASSERT_TRUE(CreateManager("edge", R"({"kind":"SERVER_TLS","allow_any_domain":true,
      "allowed_domains":[{"pattern":"a.example","expire_time":"2026-06-01T00:00:00Z"}]})")
                  .ok());
  now_ = absl::FromCivil(absl::CivilDay(2026, 6, 2), absl::UTCTimeZone());
  ASSERT_TRUE(
      Update(R"({"name":"connectionManagers/edge","display_name":"x"})", "displayName").ok());
  EXPECT_EQ(engine_.manager("edge").allowed_domains.size(), 1u);
}

TEST_F(ConnectionManagerCatalogTest, AnEntryThatEndedCanBeAddedAgain) {
  ASSERT_TRUE(CreateManager("edge", R"({"kind":"SERVER_TLS","allowed_domains":[
      {"pattern":"a.example","expire_time":"2026-06-01T00:00:00Z"},{"pattern":"b.example"}]})")
                  .ok());
  const auto add = [&] {
    return catalogs_.managers.AddAllowedDomain(FromJson<sipcm::v1::AddAllowedDomainRequest>(
        R"({"name":"connectionManagers/edge","domain":{"pattern":"a.example"}})"));
  };
  const absl::Time end = absl::FromCivil(absl::CivilDay(2026, 6, 1), absl::UTCTimeZone());
  now_ = end - absl::Nanoseconds(1);
  EXPECT_FALSE(add()->added());
  now_ = end;
  const auto added = add();
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_TRUE(added->added());
  ASSERT_EQ(added->connection_manager().allowed_domains_size(), 2);
  EXPECT_EQ(added->connection_manager().allowed_domains(0).pattern(), "b.example");
  EXPECT_EQ(added->connection_manager().allowed_domains(1).pattern(), "a.example");
  EXPECT_FALSE(added->connection_manager().allowed_domains(1).has_expire_time());
  EXPECT_EQ(engine_.manager("edge").allowed_domains.size(), 2u);
}

TEST_F(ConnectionManagerCatalogTest, AnUpdateMayListAnEntryThatEndedAndItsSuccessor) {
  ASSERT_TRUE(CreateManager("edge", R"({"kind":"SERVER_TLS","allowed_domains":[
      {"pattern":"a.example","expire_time":"2026-06-01T00:00:00Z"},{"pattern":"b.example"}]})")
                  .ok());
  const std::string list = R"({"name":"connectionManagers/edge","allowed_domains":[
      {"pattern":"a.example","expire_time":"2026-06-01T00:00:00Z"},{"pattern":"b.example"},
      {"pattern":"A.example."}]})";
  const absl::Time end = absl::FromCivil(absl::CivilDay(2026, 6, 1), absl::UTCTimeZone());
  now_ = end - absl::Nanoseconds(1);
  ExpectInvalid(Update(list, "allowedDomains").status(), "CONFLICTING_FIELDS",
                "connection_manager.allowed_domains[2].pattern");
  now_ = end;
  const auto updated = Update(list, "allowedDomains");
  ASSERT_TRUE(updated.ok()) << updated.status();
  ASSERT_EQ(updated->allowed_domains_size(), 2);
  EXPECT_EQ(updated->allowed_domains(0).pattern(), "a.example");
  EXPECT_FALSE(updated->allowed_domains(0).has_expire_time());
}

TEST_F(ConnectionManagerCatalogTest, AManagerWithEndpointsGoesOnlyByForce) {
  ASSERT_TRUE(CreateManager("edge", kTcp).ok());
  ASSERT_TRUE(CreateEndpoint("alice", R"({"kind":"PEER_TO_PEER","address":"sip:a@example.com",
      "connection_manager":"connectionManagers/edge"})")
                  .ok());
  sipcm::v1::DeleteConnectionManagerRequest request;
  request.set_name("connectionManagers/edge");
  const absl::Status refused = catalogs_.managers.Delete(request);
  EXPECT_EQ(ReasonOf(refused), "RESOURCE_IN_USE");
  EXPECT_TRUE(absl::StrContains(refused.message(), "endpoints/alice"));
  request.set_force(true);
  EXPECT_TRUE(catalogs_.managers.Delete(request).ok());
  EXPECT_FALSE(engine_.has_manager("edge"));
  EXPECT_FALSE(engine_.has_endpoint("alice"));
  EXPECT_EQ(catalogs_.managers.Delete(request).code(), absl::StatusCode::kNotFound);
}

TEST_F(ConnectionManagerCatalogTest, AChangedAnswerTimeReachesTheEndpointsThatHaveNone) {
  ASSERT_TRUE(CreateManager("edge", kTcp).ok());
  ASSERT_TRUE(CreateEndpoint("alice", R"({"kind":"PEER_TO_PEER","address":"sip:a@example.com",
      "connection_manager":"connectionManagers/edge"})")
                  .ok());
  EXPECT_EQ(engine_.endpoint("alice").answer_timeout, absl::Seconds(8));
  ASSERT_TRUE(
      Update(R"({"name":"connectionManagers/edge","answer_timeout":"2s"})", "answerTimeout").ok());
  EXPECT_EQ(engine_.endpoint("alice").answer_timeout, absl::Seconds(2));
}

TEST_F(ConnectionManagerCatalogTest, ADefaultEndpointThatIsNotThereIsAWarning) {
  const auto manager =
      CreateManager("edge", R"({"kind":"SERVER_TCP","default_endpoint":"endpoints/alice"})");
  ASSERT_EQ(manager->warnings_size(), 1);
  ASSERT_TRUE(CreateEndpoint("alice", R"({"kind":"PEER_TO_PEER","address":"sip:a@example.com",
      "connection_manager":"connectionManagers/edge"})")
                  .ok());
  EXPECT_EQ(Get("connectionManagers/edge")->warnings_size(), 0);
}

TEST_F(ConnectionManagerCatalogTest, AListOfAuthoritiesThatCannotBeReadIsAWarningOnceItIsNeeded) {
  ASSERT_TRUE(CreateManager("tcp", R"({"kind":"SERVER_TCP"})").ok());
  const auto says_so = [this] {
    for (const std::string& warning : catalogs_.managers.Warnings()) {
      if (warning.find("\"/no/such/file\"") != std::string::npos) return true;
    }
    return false;
  };
  EXPECT_FALSE(says_so());
  ASSERT_TRUE(CreateManager("client", R"({"kind":"CLIENT"})").ok());
  EXPECT_EQ(engine_.manager("client").trust_bundle, nullptr);
  EXPECT_TRUE(says_so());
}

TEST_F(ConnectionManagerCatalogTest, APeerIsRefusedOnlyByATrustBundle) {
  tls::PeerVerdict denied;
  denied.refusal = tls::PeerRefusal::kUntrustedChain;
  engine_.SetVerdict(denied);
  ASSERT_TRUE(CreateManager("edge", R"({"kind":"SERVER_TLS","mutual_tls":"REQUIRE"})").ok());
  const auto request = [](const std::string& more) {
    return FromJson<sipcm::v1::CheckPeerRequest>("{\"name\":\"connectionManagers/edge\"" + more +
                                                 "}");
  };
  ExpectInvalid(catalogs_.managers.CheckPeer(request("")).status(), "REQUIRED_FIELD_MISSING",
                "certificate_pem");
  ExpectInvalid(
      catalogs_.managers.CheckPeer(request(R"(,"certificate_pem":"x","direction":"OUTGOING")"))
          .status(),
      "REQUIRED_FIELD_MISSING", "host");
  EXPECT_EQ(ReasonOf(catalogs_.managers.CheckPeer(request(R"(,"certificate_pem":"x")")).status()),
            "TRUST_BUNDLE_MISSING");
  // Where nobody is judged there is nothing to miss.
  engine_.SetVerdict(tls::PeerVerdict());
  EXPECT_TRUE(catalogs_.managers.CheckPeer(request(R"(,"certificate_pem":"x")")).ok());
}

}  // namespace
}  // namespace sipcm::server
