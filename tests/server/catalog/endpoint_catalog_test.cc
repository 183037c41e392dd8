#include "server/catalog/endpoint_catalog.h"

#include "absl/strings/match.h"
#include "server/validation/refusal.h"
#include "tests/server/catalog/catalog_fixture.h"

namespace sipcm::server {
namespace {

using sipcm::v1::Endpoint;

constexpr char kAlice[] = R"({"kind":"PEER_TO_PEER","address":"sip:alice@example.com"})";

class EndpointCatalogTest : public CatalogTest {
 protected:
  absl::StatusOr<sipcm::v1::ExplainDispatchResponse> Explain(const std::string& request) {
    return Explain(FromJson<sipcm::v1::ExplainDispatchRequest>(
        "{\"connection_manager\":\"connectionManagers/edge\",\"request\":" + request + "}"));
  }
  absl::StatusOr<sipcm::v1::ExplainDispatchResponse> Explain(
      const sipcm::v1::ExplainDispatchRequest& request) {
    absl::StatusOr<sipcm::v1::ExplainDispatchResponse> answer = absl::UnknownError("none");
    catalogs_.endpoints.ExplainDispatch(request, [&](auto result) { answer = std::move(result); });
    return answer;
  }
};

TEST_F(EndpointCatalogTest, WithoutAManagerTheDefaultOneIsMadeOnFirstUse) {
  const auto endpoint = CreateEndpoint("alice", kAlice);
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  EXPECT_EQ(endpoint->connection_manager(), "connectionManagers/default-tcp");
  EXPECT_EQ(endpoint->state(), Endpoint::READY);
  EXPECT_EQ(endpoint->answer_timeout().seconds(), 8);
  EXPECT_FALSE(endpoint->endpoint_id().empty());
  EXPECT_EQ(engine_.manager("default-tcp").kind, engine::ManagerKind::kServerTcp);
  EXPECT_EQ(engine_.endpoint("alice").manager_id, "default-tcp");
  ASSERT_TRUE(
      CreateEndpoint("bob", R"({"kind":"PEER_TO_PEER","address":"sip:bob@example.com"})").ok());
  EXPECT_EQ(engine_.apply_manager_count(), 1);
}

TEST_F(EndpointCatalogTest, ValidateOnlyMakesNotEvenTheDefaultManager) {
  auto request = FromJson<sipcm::v1::CreateEndpointRequest>(
      std::string(R"({"endpoint_id":"alice","validate_only":true,"endpoint":)") + kAlice + "}");
  EXPECT_TRUE(catalogs_.endpoints.Create(request).ok());
  EXPECT_FALSE(engine_.has_manager("default-tcp"));
  EXPECT_FALSE(engine_.has_endpoint("alice"));
}

struct Refusal {
  const char* endpoint;
  const char* reason;
  const char* field;
};
class RefusedEndpointTest : public EndpointCatalogTest,
                            public testing::WithParamInterface<Refusal> {};

TEST_P(RefusedEndpointTest, NamesTheFieldAndCreatesNothing) {
  ExpectInvalid(CreateEndpoint("alice", GetParam().endpoint).status(), GetParam().reason,
                std::string("endpoint.") + GetParam().field);
  EXPECT_FALSE(engine_.has_endpoint("alice"));
}

INSTANTIATE_TEST_SUITE_P(
    , RefusedEndpointTest,
    testing::Values(
        Refusal{R"({"address":"sip:a@example.com"})", "REQUIRED_FIELD_MISSING", "kind"},
        Refusal{R"({"kind":"PEER_TO_PEER"})", "REQUIRED_FIELD_MISSING", "address"},
        Refusal{R"({"kind":"PEER_TO_PEER","address":"alice"})", "INVALID_SIP_URI", "address"},
        Refusal{R"({"kind":"PEER_TO_PEER","address":"mailto:a@example.com"})", "INVALID_SIP_URI",
                "address"},
        Refusal{R"({"kind":"PEER_TO_PEER","address":"sip:a@example.com;x=y"})", "INVALID_SIP_URI",
                "address"},
        Refusal{R"({"kind":"PEER_TO_PEER","address":"sip:a@example.com:5060"})", "INVALID_SIP_URI",
                "address"},
        Refusal{R"({"kind":"PEER_TO_PEER","address":"sip:a@example.com","aliases":["sip:b"," "]})",
                "INVALID_SIP_URI", "aliases[1]"},
        Refusal{R"({"kind":"PEER_TO_PEER","address":"sip:a@example.com","endpoint_id":"XYZ"})",
                "INVALID_FIELD", "endpoint_id"},
        Refusal{R"({"kind":"PEER_TO_PEER","address":"sip:a@example.com","registration":{}})",
                "CONFLICTING_FIELDS", "registration"},
        Refusal{R"({"kind":"PEER_TO_PEER","address":"sip:a@example.com","answer_timeout":"7200s"})",
                "FIELD_OUT_OF_RANGE", "answer_timeout"},
        Refusal{R"({"kind":"PEER_TO_PEER","address":"sip:a@example.com",
                "connection_manager":"edge"})",
                "INVALID_NAME", "connection_manager"}));

TEST_F(EndpointCatalogTest, ARegisteredEndpointGoesToTheDefaultClientManagerAndFillsInTheRest) {
  const auto created =
      CreateEndpoint("alice", R"({"kind":"REGISTERED","address":"sip:a@example.com",
      "registration":{"registrar":"sip:example.com","password":"secret"}})");
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->connection_manager(), "connectionManagers/default-client");
  EXPECT_EQ(created->registration().username(), "a");
  EXPECT_EQ(created->registration().requested_lifetime().seconds(), 3600);
  EXPECT_EQ(created->registration().reg_id(), 1);
  EXPECT_TRUE(absl::StartsWith(created->registration().instance_id(), "urn:uuid:"));
  EXPECT_EQ(created->state(), sipcm::v1::Endpoint::WAITING);
  EXPECT_EQ(created->registration().password(), "");
  EXPECT_EQ(engine_.endpoint("alice").registration->password, "secret");
}

TEST_F(EndpointCatalogTest, ARegisteredEndpointNeedsARegistrar) {
  ExpectRefused(
      CreateEndpoint("alice", R"({"kind":"REGISTERED","address":"sip:a@example.com"})").status(),
      absl::StatusCode::kInvalidArgument, "REQUIRED_FIELD_MISSING", "endpoint.registration");
}

TEST_F(EndpointCatalogTest, TheManagerHasToBeThereAndOfAFittingKind) {
  const std::string endpoint =
      R"({"kind":"PEER_TO_PEER","address":"sip:a@example.com","connection_manager":
          "connectionManagers/edge"})";
  ExpectRefused(CreateEndpoint("alice", endpoint).status(), absl::StatusCode::kFailedPrecondition,
                "REFERENCED_RESOURCE_NOT_FOUND", "endpoint.connection_manager");
  ASSERT_TRUE(CreateManager("edge", R"({"kind":"CLIENT"})").ok());
  ExpectRefused(CreateEndpoint("alice", endpoint).status(), absl::StatusCode::kFailedPrecondition,
                "ENDPOINT_KIND_NOT_ON_MANAGER", "endpoint.connection_manager");
}

TEST_F(EndpointCatalogTest, ATakenAddressNamesItsOwner) {
  const std::string endpoint =
      R"({"kind":"PEER_TO_PEER","address":"sip:a@example.com","endpoint_id":"01"})";
  ASSERT_TRUE(CreateEndpoint("alice", endpoint).ok());
  const absl::Status status = CreateEndpoint("bob", endpoint).status();
  ExpectRefused(status, absl::StatusCode::kAlreadyExists, "ENDPOINT_ADDRESS_TAKEN",
                "endpoint.address");
  std::string owner;
  ForEachMetadata(status, [&](absl::string_view key, absl::string_view value) {
    if (key == "endpoint") owner = std::string(value);
  });
  EXPECT_EQ(owner, "endpoints/alice");
  EXPECT_EQ(ReasonOf(CreateEndpoint("alice", endpoint).status()), "RESOURCE_EXISTS");
}

TEST_F(EndpointCatalogTest, AThrottledOnePacesItsSendsUntilItIsChanged) {
  ASSERT_TRUE(CreateEndpoint("alice", R"({"kind":"PEER_TO_PEER","address":"sip:a@example.com",
                                          "throttled":true})")
                  .ok());
  EXPECT_EQ(engine_.endpoint("alice").pacing, dispatch::SendPacing::kBelowPeersLimit);
  ASSERT_TRUE(catalogs_.endpoints
                  .Update(FromJson<sipcm::v1::UpdateEndpointRequest>(
                      R"({"endpoint":{"name":"endpoints/alice"},"update_mask":"throttled"})"))
                  .ok());
  EXPECT_EQ(engine_.endpoint("alice").pacing, dispatch::SendPacing::kNone);
}

TEST_F(EndpointCatalogTest, AnUpdateReachesTheEngineAndKeepsWhatIsImmutable) {
  const auto created = CreateEndpoint("alice", kAlice);
  const auto update = [&](const std::string& json) {
    return catalogs_.endpoints.Update(FromJson<sipcm::v1::UpdateEndpointRequest>(json));
  };
  const auto updated = update(R"({"endpoint":{"name":"endpoints/alice",
      "aliases":["sip:help@example.com"],"answer_timeout":"3s"}})");
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(engine_.endpoint("alice").aliases, std::vector<std::string>{"sip:help@example.com"});
  EXPECT_EQ(engine_.endpoint("alice").answer_timeout, absl::Seconds(3));
  EXPECT_EQ(updated->endpoint_id(), created->endpoint_id());
  ExpectInvalid(
      update(R"({"endpoint":{"name":"endpoints/alice","address":"sip:b@example.com"}})").status(),
      "IMMUTABLE_FIELD", "endpoint.address");
  ExpectRefused(update(R"({"endpoint":{"name":"endpoints/alice","etag":"old"}})").status(),
                absl::StatusCode::kAborted, "ETAG_MISMATCH", "etag");
}

TEST_F(EndpointCatalogTest, ListsByManager) {
  ASSERT_TRUE(CreateManager("edge", R"({"kind":"SERVER_TCP"})").ok());
  ASSERT_TRUE(CreateEndpoint("alice", kAlice).ok());
  ASSERT_TRUE(CreateEndpoint("bob", R"({"kind":"PEER_TO_PEER","address":"sip:b@example.com",
      "connection_manager":"connectionManagers/edge"})")
                  .ok());
  const auto listed = catalogs_.endpoints.List(FromJson<sipcm::v1::ListEndpointsRequest>(
      R"({"filter":"connection_manager = \"connectionManagers/edge\""})"));
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_EQ(listed->endpoints_size(), 1);
  EXPECT_EQ(listed->endpoints(0).name(), "endpoints/bob");
}

TEST_F(EndpointCatalogTest, DeletesOnceAndFreesTheName) {
  ASSERT_TRUE(CreateEndpoint("alice", kAlice).ok());
  sipcm::v1::DeleteEndpointRequest request;
  request.set_name("endpoints/alice");
  EXPECT_TRUE(catalogs_.endpoints.Delete(request).ok());
  EXPECT_FALSE(engine_.has_endpoint("alice"));
  EXPECT_EQ(ReasonOf(catalogs_.endpoints.Delete(request)), "RESOURCE_NOT_FOUND");
  EXPECT_TRUE(CreateEndpoint("alice", kAlice).ok());
}

TEST_F(EndpointCatalogTest, ExplainsARequestByItsParts) {
  ASSERT_TRUE(CreateManager("edge", R"({"kind":"SERVER_TCP"})").ok());
  engine::DispatchExplanation explanation;
  explanation.reason = dispatch::DispatchReason::kToAddress;
  explanation.endpoint_id = "alice";
  explanation.subscription_count = 2;
  explanation.steps = {
      {dispatch::DispatchReason::kGruu, "step 2: the Request-URI is no GRUU"},
      {dispatch::DispatchReason::kToAddress, "step 4: To \"a@example.com\" is owned by 1"}};
  engine_.SetExplanation(explanation);
  const auto answer = Explain(R"({"method":"OPTIONS","request_uri":"sip:b@example.com",
      "headers":[{"name":"To","value":"<sip:a@example.com>"}]})");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(absl::StartsWith(engine_.last_explained(), "OPTIONS sip:b@example.com SIP/2.0\r\n"));
  EXPECT_TRUE(absl::StrContains(engine_.last_explained(), "\r\nTo: <sip:a@example.com>\r\n"));
  EXPECT_EQ(answer->endpoint(), "endpoints/alice");
  ASSERT_EQ(answer->steps_size(), 2);
  EXPECT_EQ(answer->steps(0).reason(), sipcm::v1::GRUU);
  EXPECT_FALSE(answer->steps(0).decided());
  EXPECT_EQ(answer->steps(1).reason(), sipcm::v1::TO_ADDRESS);
  EXPECT_TRUE(answer->steps(1).decided());
  EXPECT_FALSE(answer->has_automatic_answer());
}

TEST_F(EndpointCatalogTest, ExplainTellsTheAutomaticAnswerAndWhy) {
  ASSERT_TRUE(CreateManager("edge", R"({"kind":"SERVER_TCP"})").ok());
  engine::DispatchExplanation explanation;
  explanation.reason = dispatch::DispatchReason::kRequestUri;
  explanation.endpoint_id = "alice";
  explanation.steps = {{dispatch::DispatchReason::kRequestUri, "step 4: owned by 1"}};
  explanation.status_code = 480;
  explanation.answer_reason = "nobody is subscribed";
  engine_.SetExplanation(explanation);
  const auto answer = Explain(R"({"method":"OPTIONS","request_uri":"sip:a@example.com"})");
  EXPECT_EQ(answer->automatic_answer().status_code(), 480);
  EXPECT_EQ(answer->explanation(), "step 4: owned by 1; but nobody is subscribed");
}

TEST_F(EndpointCatalogTest, ExplainMayBeAskedForOneConnection) {
  ASSERT_TRUE(CreateManager("edge", R"({"kind":"SERVER_TCP"})").ok());
  auto request = FromJson<sipcm::v1::ExplainDispatchRequest>(
      R"({"connection_manager":"connectionManagers/edge",
          "connection":"connectionManagers/edge/connections/1f",
          "request":{"method":"OPTIONS","request_uri":"sip:a@example.com"}})");
  ASSERT_TRUE(Explain(request).ok());
  EXPECT_EQ(engine_.last_explained_connection().ToString(), "1f");
  request.set_connection("connectionManagers/edge/connections/none");
  ExpectInvalid(Explain(request).status(), "INVALID_NAME", "connection");
}

TEST_F(EndpointCatalogTest, AnEndpointShowsWhatItDoes) {
  ASSERT_TRUE(CreateEndpoint("alice", kAlice).ok());
  engine::EndpointStatistics statistics;
  statistics.subscription_count = 1;
  statistics.deliveries = {.outstanding = 2,
                           .queued = 3,
                           .delivered = 4,
                           .redelivered = 5,
                           .expired = 6,
                           .cancelled = 7};
  statistics.sent_request_count = 8;
  engine_.SetEndpointStatistics(statistics);
  const auto shown = catalogs_.endpoints.Get(
      FromJson<sipcm::v1::GetEndpointRequest>(R"({"name":"endpoints/alice"})"));
  EXPECT_EQ(shown->statistics().ShortDebugString(),
            "subscription_count: 1 outstanding_delivery_count: 2 queued_delivery_count: 3 "
            "delivered_count: 4 redelivered_count: 5 expired_count: 6 cancelled_count: 7 "
            "sent_request_count: 8");
}

TEST_F(EndpointCatalogTest, APeerToPeerEndpointMayHaveAGruu) {
  const auto endpoint =
      CreateEndpoint("alice", R"({"kind":"PEER_TO_PEER","address":"sip:alice@example.com",
                                  "gruu":"sip:alice@example.com;gr=urn:uuid:1"})");
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  EXPECT_EQ(endpoint->gruu(), "sip:alice@example.com;gr=urn:uuid:1");
  EXPECT_EQ(engine_.endpoint("alice").gruus,
            std::vector<std::string>{"sip:alice@example.com;gr=urn:uuid:1"});
  ExpectInvalid(CreateEndpoint("bob", R"({"kind":"PEER_TO_PEER","address":"sip:bob@example.com",
                                          "gruu":"sip:bob@example.com"})")
                    .status(),
                "INVALID_SIP_URI", "endpoint.gruu");
}

TEST_F(EndpointCatalogTest, OptionTagsOfItsApplicationsAreTokens) {
  const std::string begin = R"({"kind":"PEER_TO_PEER","address":"sip:a@example.com",)";
  const auto endpoint = CreateEndpoint("a", begin + R"("supported_options":["acme.recording"]})");
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  EXPECT_EQ(engine_.endpoint("a").supported_options, std::vector<std::string>{"acme.recording"});
  for (const std::string& bad : {std::string(), std::string("a b"), std::string(65, 'x')}) {
    const absl::Status status =
        CreateEndpoint("b", begin + R"("supported_options":["ok",")" + bad + "\"]}").status();
    ExpectInvalid(status, "INVALID_FIELD", "endpoint.supported_options[1]");
  }
}

TEST_F(EndpointCatalogTest, ExplainRefusesBothFormsAndNone) {
  ASSERT_TRUE(CreateManager("edge", R"({"kind":"SERVER_TCP"})").ok());
  ExpectInvalid(Explain(R"({"method":"OPTIONS","raw":"QQ=="})").status(), "CONFLICTING_FIELDS",
                "request.raw");
  ExpectInvalid(Explain("{}").status(), "REQUIRED_FIELD_MISSING", "request.method");
  ExpectInvalid(Explain(R"({"method":"OPTIONS"})").status(), "REQUIRED_FIELD_MISSING",
                "request.request_uri");
}

TEST_F(EndpointCatalogTest, ABadRawRequestIsReportedInItsField) {
  ASSERT_TRUE(CreateManager("edge", R"({"kind":"SERVER_TCP"})").ok());
  engine_.SetExplanation(InvalidField("request", "it is a response; give a request"));
  const absl::Status raw = Explain(R"({"raw":"QQ=="})").status();
  ExpectInvalid(raw, ReasonOf(raw), "request.raw");
  EXPECT_EQ(raw.message(), "request.raw: it is a response; give a request");
  const absl::Status parts =
      Explain(R"({"method":"OPTIONS","request_uri":"sip:a@example.com"})").status();
  EXPECT_EQ(parts.message(), "it is a response; give a request");
  EXPECT_EQ(FieldOf(parts), "");
}

TEST_F(EndpointCatalogTest, MessagingLearnsTheManagerAndItsTransport) {
  ASSERT_TRUE(CreateManager("edge", R"({"kind":"SERVER_TLS"})").ok());
  ASSERT_TRUE(CreateEndpoint("alice", R"({"kind":"PEER_TO_PEER","address":"sip:a@example.com",
      "connection_manager":"connectionManagers/edge"})")
                  .ok());
  const auto facts = catalogs_.endpoints.Find("alice");
  ASSERT_TRUE(facts.has_value());
  EXPECT_EQ(facts->manager_id, "edge");
  EXPECT_EQ(facts->default_transport, connection::Transport::kTls);
  EXPECT_FALSE(catalogs_.endpoints.Find("nobody").has_value());
}

}  // namespace
}  // namespace sipcm::server
