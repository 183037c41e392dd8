// Old versions of certificates and trust bundles: what happens to the connections made with them.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/tls/credential.h"
#include "core/tls/trust_bundle.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/engine_fixture.h"
#include "tests/pki/certificate_authority.h"

namespace sipcm::engine {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr char kServer[] = "certificates/server";
constexpr char kClient[] = "certificates/client";
constexpr char kBundle[] = "trustBundles/root";

// Two managers of one engine: "edge" listens with mutual TLS, "phone" connects to it and presents a
// client certificate.
class RetirementTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Apply(1, 1, 1);
    SIPCM_CHECK(fixture_.engine->StartListening("edge").ok());
    SIPCM_CHECK(fixture_.engine
                    ->ApplyEndpoint(EngineFixture::PeerToPeer("bob", "sip:bob@example.org", "edge"))
                    .ok());
    SIPCM_CHECK(
        fixture_.engine
            ->ApplyEndpoint(EngineFixture::PeerToPeer("alice", "sip:alice@example.com", "phone"))
            .ok());
    subscription_ = fixture_.Subscribe("bob", deliveries_);
  }

  std::shared_ptr<const tls::Credential> Versioned(const std::string& name, int version,
                                                   const std::string& dns_name) const {
    pki::CertificateOptions options;
    options.dns_names = {dns_name};
    const pki::IssuedCertificate issued = root_.Issue(options);
    auto credential =
        tls::Credential::FromPem(name, absl::StrCat(version), issued.chain_pem,
                                 issued.private_key_pem, fixture_.loops[0]->WallNow());
    SIPCM_CHECK(credential.ok());
    return *std::move(credential);
  }
  void Apply(int server_version, int client_version, int bundle_version) {
    auto bundle = tls::TrustBundle::FromPem(kBundle, absl::StrCat(bundle_version),
                                            root_.certificate_pem(), "");
    SIPCM_CHECK(bundle.ok());
    ManagerConfig edge;
    edge.id = "edge";
    edge.kind = ManagerKind::kServerTls;
    edge.listen_addresses = {*net::SocketAddress::Parse("192.0.2.1:5061")};
    edge.credential = Versioned(kServer, server_version, "sip.example.org");
    edge.trust_bundle = *bundle;
    edge.mutual_tls = tls::MutualTls::kRequire;
    edge.allow_any_domain = true;
    SIPCM_CHECK(fixture_.engine->ApplyManager(edge).ok());
    ManagerConfig phone;
    phone.id = "phone";
    phone.kind = ManagerKind::kServerTls;  // of those that only connect
    phone.credential = Versioned(kClient, client_version, "phone.example.com");
    phone.trust_bundle = *bundle;
    SIPCM_CHECK(fixture_.engine->ApplyManager(phone).ok());
  }

  static pool::Destination Destination() {
    pool::Destination destination;
    destination.host = "192.0.2.1";
    destination.port = 5061;
    destination.transport = connection::Transport::kTls;
    destination.tls_name = "sip.example.org";
    return destination;
  }
  // A request from alice to bob; it stays unanswered.
  void Send(uint64_t cookie) {
    SendOrder order;
    order.endpoint_id = "alice";
    order.method = "OPTIONS";
    order.request_uri = "sip:bob@example.org";
    order.cookie = cookie;
    order.destination = Destination();
    fixture_.engine->Send({order}, sends_);
  }
  void AnswerAll() {
    for (; answered_ < deliveries_->deliveries.size(); ++answered_) {
      SIPCM_CHECK(fixture_.Respond(deliveries_->deliveries[answered_].request_id, 200).ok());
    }
    fixture_.RunUntilIdle();
  }
  // What the connections of a manager present, "certificates/server@1".
  std::vector<std::string> Presented(const std::string& manager) {
    std::vector<std::string> presented;
    fixture_.engine->ListConnections(
        manager, [&](absl::StatusOr<std::vector<ConnectionSnapshot>> connections) {
          for (const ConnectionSnapshot& connection : *connections) {
            presented.push_back(connection.certificate_version);
          }
        });
    fixture_.RunUntilIdle();
    return presented;
  }
  int Retire(const std::string& manager, const std::string& object, int version,
             Retiring retiring) {
    int ended = -1;
    fixture_.engine->RetireConnections(manager, object, absl::StrCat(version), retiring,
                                       [&](absl::StatusOr<int> count) { ended = *count; });
    fixture_.scheduler.RunUntilIdle();
    return ended;
  }
  std::vector<connection::CloseReason> CloseReasons() const {
    std::vector<connection::CloseReason> reasons;
    for (const EngineEvent& event : fixture_.events.events) {
      if (event.kind == EngineEvent::Kind::kConnectionClosed) reasons.push_back(event.close_reason);
    }
    return reasons;
  }

  const pki::CertificateAuthority root_{"Root"};
  EngineFixture fixture_{/*worker_count=*/2};
  std::shared_ptr<RecordingSink> deliveries_ = std::make_shared<RecordingSink>();
  std::shared_ptr<RecordingSendSink> sends_ = std::make_shared<RecordingSendSink>();
  std::unique_ptr<Subscription> subscription_;
  size_t answered_ = 0;
};

TEST_F(RetirementTest, AConnectionTellsTheVersionItPresentsBothWays) {
  Send(1);
  fixture_.RunUntilIdle();
  EXPECT_THAT(Presented("edge"), ElementsAre("certificates/server@1"));
  EXPECT_THAT(Presented("phone"), ElementsAre("certificates/client@1"));
}

TEST_F(RetirementTest, ASwapAloneKeepsOldConnectionsAndServesNewOnesWithTheNewVersion) {
  Send(1);
  fixture_.RunUntilIdle();
  Apply(2, 2, 1);
  Send(2);  // the pool grows
  fixture_.RunUntilIdle();
  EXPECT_THAT(Presented("edge"),
              UnorderedElementsAre("certificates/server@1", "certificates/server@2"));
  EXPECT_THAT(Presented("phone"),
              UnorderedElementsAre("certificates/client@1", "certificates/client@2"));
  EXPECT_THAT(CloseReasons(), SizeIs(0));
}

TEST_F(RetirementTest, NowClosesThoseOfTheOldVersionOnly) {
  Send(1);
  fixture_.RunUntilIdle();
  Apply(2, 1, 1);
  Send(2);
  fixture_.RunUntilIdle();
  EXPECT_EQ(Retire("edge", kServer, 2, Retiring::kNow), 1);
  EXPECT_THAT(Presented("edge"), ElementsAre("certificates/server@2"));
  ASSERT_THAT(CloseReasons(), SizeIs(2));  // both ends of it
  EXPECT_EQ(CloseReasons()[0], connection::CloseReason::kCertificateRotated);
}

TEST_F(RetirementTest, DrainWaitsForTheAnswerAndGivesNoNewWork) {
  Send(1);
  fixture_.RunUntilIdle();
  Apply(2, 2, 1);
  EXPECT_EQ(Retire("phone", kClient, 2, Retiring::kDrain), 1);
  EXPECT_THAT(Presented("phone"), SizeIs(1));  // its request has no answer yet
  Send(2);
  fixture_.RunUntilIdle();
  EXPECT_THAT(Presented("phone"),
              UnorderedElementsAre("certificates/client@1", "certificates/client@2"));
  AnswerAll();
  EXPECT_THAT(Presented("phone"), ElementsAre("certificates/client@2"));
  ASSERT_THAT(sends_->events, SizeIs(4));
  EXPECT_EQ(sends_->events[2].kind, SendEvent::Kind::kResponse);
}

TEST_F(RetirementTest, DrainEndsAtTheManagersDrainTimeout) {
  Send(1);
  fixture_.RunUntilIdle();
  Apply(2, 2, 1);
  ASSERT_EQ(Retire("edge", kServer, 2, Retiring::kDrain), 1);
  // The default of ManagerConfig::drain_timeout; its own response timeout is 8 s.
  fixture_.AdvanceBy(absl::Seconds(31));
  EXPECT_THAT(Presented("edge"), SizeIs(0));
}

TEST_F(RetirementTest, AHandshakeUnderWayIsFinishedAndEndedThen) {
  Send(1);
  Apply(2, 2, 1);
  // The attempt began with the first version; it is not established yet.
  EXPECT_EQ(Retire("phone", kClient, 2, Retiring::kNow), 0);
  fixture_.RunUntilIdle();
  EXPECT_THAT(Presented("phone"), Each("certificates/client@2"));
  EXPECT_EQ(fixture_.engine->GetTotals().tls_refused, 0u);
}

TEST_F(RetirementTest, ATrustBundlesOldVersionCountsForThosePeersThatItLetIn) {
  Send(1);
  fixture_.RunUntilIdle();
  Apply(1, 1, 2);
  EXPECT_EQ(Retire("edge", kBundle, 2, Retiring::kNow), 1);
  EXPECT_EQ(Retire("edge", "trustBundles/another", 2, Retiring::kNow), 0);
  EXPECT_THAT(Presented("edge"), SizeIs(0));
}

TEST_F(RetirementTest, AnEarlierRetirementLeavesLaterVersionsAlone) {
  Apply(2, 2, 1);
  EXPECT_EQ(Retire("edge", kServer, 2, Retiring::kNow), 0);
  Apply(3, 3, 1);
  Send(1);
  fixture_.RunUntilIdle();
  EXPECT_THAT(Presented("edge"), ElementsAre("certificates/server@3"));
}

// semantics.md 11, scenario 8.
TEST_F(RetirementTest, Scenario8HandshakesUnderConstantRotationAllSucceed) {
  constexpr int kRotations = 60;
  PoolConfig pool;
  pool.manager_id = "phone";
  pool.destination = *pool::Destination::Normalized(Destination());
  pool.setting.max_connection_count = pool::kNoSharing;
  ASSERT_TRUE(fixture_.engine->ApplyPool(pool).ok());
  for (int version = 2; version < 2 + kRotations; ++version) {
    Send(static_cast<uint64_t>(version));
    for (int turn = 0; turn < 5; ++turn) {  // handshakes half done
      for (auto& loop : fixture_.loops) loop->RunTurn();
    }
    Apply(version, version, version);
  }
  fixture_.RunUntilIdle();
  AnswerAll();
  const EngineTotals totals = fixture_.engine->GetTotals();
  EXPECT_EQ(totals.accept_failures, 0u);
  EXPECT_EQ(totals.tls_refused, 0u);
  EXPECT_EQ(totals.sends_failed, 0u);
  int answered = 0;
  for (const SendEvent& event : sends_->events) {
    answered += event.kind == SendEvent::Kind::kResponse ? 1 : 0;
  }
  EXPECT_EQ(answered, kRotations);
}

// reliability.md row 23.
TEST_F(RetirementTest, AClockThatJumpsLeavesConnectionsUpAndJudgesTheNextHandshakeByItsHour) {
  Send(1);
  fixture_.RunUntilIdle();
  AnswerAll();
  const absl::Time now = fixture_.clock.wall_now();
  for (const absl::Duration jump : {absl::Hours(1), -absl::Hours(1)}) {
    fixture_.clock.SetWall(now + jump);
    fixture_.AdvanceBy(absl::Seconds(1));
  }
  fixture_.clock.SetWall(pki::DefaultNotAfter());  // years ahead: the certificates have ended
  fixture_.AdvanceBy(absl::Seconds(1));
  EXPECT_THAT(Presented("edge"), SizeIs(1));
  EXPECT_THAT(CloseReasons(), SizeIs(0));
  Send(2);  // the pool grows
  fixture_.RunUntilIdle();
  EXPECT_GE(fixture_.engine->GetTotals().tls_refused, 1u);
  EXPECT_THAT(Presented("edge"), SizeIs(1));
  fixture_.clock.SetWall(now);
  fixture_.AdvanceBy(absl::Seconds(10));  // the back-off after the refusal
  Send(3);
  fixture_.RunUntilIdle();
  EXPECT_THAT(Presented("edge"), SizeIs(2));
}

TEST_F(RetirementTest, OfAManagerThatDoesNotExistIsNotFound) {
  absl::Status status;
  fixture_.engine->RetireConnections("nobody", kServer, "2", Retiring::kNow,
                                     [&](absl::StatusOr<int> count) { status = count.status(); });
  fixture_.RunUntilIdle();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace sipcm::engine
