// New versions of certificates and trust bundles, what becomes of connections made with the old
// ones, and how the end of a certificate is announced.
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "server/catalog/certificates/expiry_stage.h"
#include "tests/server/catalog/certificates/certificate_fixture.h"

namespace sipcm::server {
namespace {

using sipcm::v1::Certificate;
using sipcm::v1::Event;
using sipcm::v1::TrustBundle;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

using CertificateRotationTest = CertificateTest;

TEST_F(CertificateRotationTest, OldConnectionsAreKeptDrainedOrClosedAsAsked) {
  ASSERT_TRUE(Create(Pem(Issue())).ok());
  ASSERT_TRUE(
      CreateManager("edge", R"({"kind":"SERVER_TLS","certificate":"certificates/edge"})").ok());
  ASSERT_TRUE(CreateManager("other", R"({"kind":"SERVER_TCP"})").ok());
  ASSERT_TRUE(Update(Pem(Issue()), sipcm::v1::KEEP).ok());
  EXPECT_THAT(engine_.retirements(), IsEmpty());
  const auto drained = Update(Pem(Issue()), sipcm::v1::DRAIN);
  ASSERT_TRUE(drained.ok());
  EXPECT_THAT(engine_.retirements(),
              ElementsAre("edge certificates/edge@" + drained->version() + " drain"));
  const auto closed = Update(Pem(Issue()), sipcm::v1::CLOSE);
  ASSERT_TRUE(closed.ok());
  EXPECT_EQ(engine_.retirements().back(), "edge certificates/edge@" + closed->version() + " now");
}

TEST_F(CertificateRotationTest, ARepeatedUpdateIsNoNewVersionButEndsOldConnectionsAllTheSame) {
  ASSERT_TRUE(Create(Pem(Issue())).ok());
  ASSERT_TRUE(
      CreateManager("edge", R"({"kind":"SERVER_TLS","certificate":"certificates/edge"})").ok());
  const pki::IssuedCertificate renewed = Issue();
  const auto first = Update(Pem(renewed));
  const auto second = Update(Pem(renewed), sipcm::v1::CLOSE);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->version(), second->version());
  EXPECT_THAT(engine_.retirements(),
              ElementsAre("edge certificates/edge@" + first->version() + " now"));
}

TEST_F(CertificateRotationTest, ARefusedOrDryUpdateEndsNothing) {
  ASSERT_TRUE(Create(Pem(Issue())).ok());
  ASSERT_TRUE(
      CreateManager("edge", R"({"kind":"SERVER_TLS","certificate":"certificates/edge"})").ok());
  Certificate junk;
  junk.set_certificate_pem("junk");
  EXPECT_FALSE(Update(junk, sipcm::v1::CLOSE).ok());
  sipcm::v1::UpdateCertificateRequest dry;
  *dry.mutable_certificate() = Pem(Issue());
  dry.mutable_certificate()->set_name("certificates/edge");
  dry.set_validate_only(true);
  dry.set_old_connections(sipcm::v1::CLOSE);
  EXPECT_TRUE(catalogs_.certificates.Update(dry).ok());
  EXPECT_THAT(engine_.retirements(), IsEmpty());
}

// Reading the new content takes its time: the catalogue serves others meanwhile.
TEST_F(CertificateRotationTest, WhatAnotherUpdateChangedMeanwhileIsNotLost) {
  ASSERT_TRUE(Create(Files(Issue())).ok());
  const std::string first = Get().version();
  std::string between;
  AtNextLook([&] {
    Certificate setting;
    setting.set_reload_old_connections(sipcm::v1::DRAIN);
    const auto updated = Update(setting);
    ASSERT_TRUE(updated.ok()) << updated.status();
    between = updated->etag();
  });
  const auto updated = Update(Pem(Issue()));
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_NE(between, "");
  EXPECT_NE(updated->version(), first);
  EXPECT_EQ(updated->reload_old_connections(), sipcm::v1::DRAIN);
}

TEST_F(CertificateRotationTest, AnEtagThatIsOldWhenTheContentIsReadRefusesTheUpdate) {
  const auto created = Create(Files(Issue()));
  ASSERT_TRUE(created.ok());
  AtNextLook([&] { ASSERT_TRUE(Update(Files(Issue())).ok()); });
  Certificate guarded = Pem(Issue());
  guarded.set_etag(created->etag());
  EXPECT_EQ(ReasonOf(Update(guarded).status()), "ETAG_MISMATCH");
}

TEST_F(CertificateRotationTest, OfTwoCreationsAtOnceOneIsRefused) {
  AtNextLook([&] { ASSERT_TRUE(Create(Pem(Issue())).ok()); });
  EXPECT_EQ(ReasonOf(Create(Pem(Issue())).status()), "RESOURCE_EXISTS");
}

TEST_F(CertificateRotationTest, AVersionIsNeverGivenTwice) {
  std::string other;
  AtNextLook([&] {
    other = Create(Pem(Issue()))->version();
    sipcm::v1::DeleteCertificateRequest gone;
    gone.set_name("certificates/edge");
    ASSERT_TRUE(catalogs_.certificates.Delete(gone).ok());
  });
  const auto created = Create(Pem(Issue()));
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_NE(created->version().substr(created->version().find('-')), other.substr(other.find('-')));
}

TEST_F(CertificateRotationTest, FilesThatChangeEndOldConnectionsAsTheirSettingSays) {
  Certificate certificate = Files(Issue());
  certificate.set_reload_old_connections(sipcm::v1::DRAIN);
  ASSERT_TRUE(Create(certificate).ok());
  ASSERT_TRUE(
      CreateManager("edge", R"({"kind":"SERVER_TLS","certificate":"certificates/edge"})").ok());
  const auto touch = [&](const pki::IssuedCertificate& issued) {
    files_.Touch(folder_.Write("edge.key", issued.private_key_pem));
    files_.Touch(folder_.Write("edge.pem", issued.chain_pem));
    catalogs_.CheckFilesAndTimes();
  };
  touch(Issue());
  EXPECT_THAT(engine_.retirements(),
              ElementsAre("edge certificates/edge@" + Get().version() + " drain"));
  Certificate keep;
  keep.set_reload_old_connections(sipcm::v1::KEEP);
  ASSERT_TRUE(Update(keep).ok());
  touch(Issue());
  EXPECT_EQ(engine_.retirements().size(), 1u);
  Certificate close;
  close.set_reload_old_connections(sipcm::v1::CLOSE);
  ASSERT_TRUE(Update(close).ok());
  touch(Issue(now_ - absl::Hours(1)));  // cannot be taken: nothing ends
  EXPECT_EQ(engine_.retirements().size(), 1u);
  Certificate junk;
  junk.set_reload_old_connections(static_cast<sipcm::v1::OldConnections>(9));
  ExpectInvalid(Update(junk).status(), "INVALID_FIELD", "certificate.reload_old_connections");
}

TEST_F(CertificateRotationTest, ATrustBundlesOldConnectionsAreEndedToo) {
  ASSERT_TRUE(Create(Pem(Issue())).ok());
  TrustBundle bundle;
  bundle.set_certificates_pem(authority_.certificate_pem());
  ASSERT_TRUE(CreateBundle(bundle).ok());
  ASSERT_TRUE(CreateManager("edge", R"({"kind":"SERVER_TLS","certificate":"certificates/edge",
      "mutual_tls":"REQUIRE","trust_bundle":"trustBundles/partners"})")
                  .ok());
  bundle.set_crls_pem(authority_.MakeCrl({}));
  const auto updated = UpdateBundle(bundle, sipcm::v1::DRAIN);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_THAT(engine_.retirements(),
              ElementsAre("edge trustBundles/partners@" + updated->version() + " drain"));
}

TEST_F(CertificateRotationTest, AdditionalCertificatesReachTheListenerAndAreInUse) {
  ASSERT_TRUE(Create(Pem(Issue())).ok());
  ASSERT_TRUE(Create(Pem(Issue()), "second").ok());
  ASSERT_TRUE(CreateManager("edge", R"({"kind":"SERVER_TLS","certificate":"certificates/edge",
      "additional_certificates":["certificates/second"]})")
                  .ok());
  ASSERT_THAT(engine_.manager("edge").additional_credentials, SizeIs(1));
  EXPECT_EQ(engine_.manager("edge").additional_credentials[0]->name(), "certificates/second");
  sipcm::v1::DeleteCertificateRequest request;
  request.set_name("certificates/second");
  request.set_force(true);
  EXPECT_EQ(ReasonOf(catalogs_.certificates.Delete(request)), "RESOURCE_IN_USE");
}

TEST_F(CertificateRotationTest, AnAdditionalCertificateThatEndsIsAWarningAndThenNoListeningBegins) {
  ASSERT_TRUE(Create(Pem(Issue())).ok());
  ASSERT_TRUE(Create(Pem(Issue(now_ + absl::Hours(24 * 31))), "second").ok());
  ASSERT_TRUE(CreateManager("edge", R"({"kind":"SERVER_TLS","certificate":"certificates/edge",
      "additional_certificates":["certificates/second"],
      "listen_addresses":[{"host":"127.0.0.1"}]})")
                  .ok());
  EXPECT_THAT(catalogs_.managers.Warnings(), Not(Contains(HasSubstr("certificates/second"))));
  now_ += absl::Hours(24 * 2);
  EXPECT_THAT(catalogs_.managers.Warnings(), Contains(HasSubstr("certificates/second")));
  now_ += absl::Hours(24 * 30);
  sipcm::v1::StartListeningRequest start;
  start.set_name("connectionManagers/edge");
  EXPECT_EQ(ReasonOf(catalogs_.managers.StartListening(start).status()), "CERTIFICATE_EXPIRED");
}

TEST_F(CertificateRotationTest, WhichAdditionalCertificatesAreRefused) {
  ASSERT_TRUE(Create(Pem(Issue())).ok());
  ExpectRefused(CreateManager("a", R"({"kind":"SERVER_TLS","certificate":"certificates/edge",
      "additional_certificates":["certificates/none"]})")
                    .status(),
                absl::StatusCode::kFailedPrecondition, "REFERENCED_RESOURCE_NOT_FOUND",
                "connection_manager.additional_certificates[0]");
  ExpectInvalid(CreateManager("a", R"({"kind":"SERVER_TLS","certificate":"certificates/edge",
      "additional_certificates":["certificates/edge"]})")
                    .status(),
                "CONFLICTING_FIELDS", "connection_manager.additional_certificates[0]");
  ExpectInvalid(CreateManager("a", R"({"kind":"CLIENT",
      "additional_certificates":["certificates/edge"]})")
                    .status(),
                "CONFLICTING_FIELDS", "connection_manager.additional_certificates");
  std::string many = R"("certificates/edge")";
  for (int i = 0; i < 64; ++i) many += absl::StrCat(",\"certificates/c", i, "\"");
  ExpectInvalid(
      CreateManager("a", R"({"kind":"SERVER_TLS","additional_certificates":[)" + many + "]}")
          .status(),
      "FIELD_OUT_OF_RANGE", "connection_manager.additional_certificates");
}

TEST_F(CertificateRotationTest, AClientManagersCertificateCanBeTakenAwayByForce) {
  ASSERT_TRUE(Create(Pem(Issue())).ok());
  ASSERT_TRUE(
      CreateManager("phone", R"({"kind":"CLIENT","certificate":"certificates/edge"})").ok());
  EXPECT_NE(engine_.manager("phone").credential, nullptr);
  sipcm::v1::DeleteCertificateRequest request;
  request.set_name("certificates/edge");
  EXPECT_EQ(ReasonOf(catalogs_.certificates.Delete(request)), "RESOURCE_IN_USE");
  request.set_force(true);
  events_.Take();
  EXPECT_TRUE(catalogs_.certificates.Delete(request).ok());
  const std::vector<Event> told = events_.Take();
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_EQ(told[0].kind(), Event::CONNECTION_MANAGER_CHANGED);
  EXPECT_EQ(told[0].connection_manager().state(), sipcm::v1::ConnectionManager::IDLE);
  EXPECT_EQ(engine_.manager("phone").credential, nullptr);
  sipcm::v1::GetConnectionManagerRequest get;
  get.set_name("connectionManagers/phone");
  EXPECT_EQ(catalogs_.managers.Get(get)->certificate(), "");
}

TEST(ExpiryStageTest, ChangesExactlyAtThirtySevenAndOneDayAndAtTheEnd) {
  const absl::Time end = absl::FromUnixSeconds(2'000'000'000);
  const absl::Duration tick = absl::Nanoseconds(1);
  const absl::Duration day = absl::Hours(24);
  EXPECT_EQ(StageOf(end, end - 30 * day - tick), ExpiryStage::kFar);
  EXPECT_EQ(StageOf(end, end - 30 * day), ExpiryStage::kWithinMonth);
  EXPECT_EQ(StageOf(end, end - 7 * day - tick), ExpiryStage::kWithinMonth);
  EXPECT_EQ(StageOf(end, end - 7 * day), ExpiryStage::kWithinWeek);
  EXPECT_EQ(StageOf(end, end - day - tick), ExpiryStage::kWithinWeek);
  EXPECT_EQ(StageOf(end, end - day), ExpiryStage::kWithinDay);
  EXPECT_EQ(StageOf(end, end - tick), ExpiryStage::kWithinDay);
  EXPECT_EQ(StageOf(end, end), ExpiryStage::kEnded);
}

TEST_F(CertificateRotationTest, ItsEndIsToldOnceAtEachStage) {
  const absl::Time end = now_ + absl::Hours(24 * 31);
  ASSERT_TRUE(Create(Pem(Issue(end))).ok());
  TakeKinds();
  int told = 0;
  for (int hour = 0; hour < 24 * 40; ++hour) {
    now_ += absl::Hours(1);
    for (int repeated = 0; repeated < 2; ++repeated) catalogs_.CheckFilesAndTimes();
    told += static_cast<int>(TakeKinds().size());
    const int expected = now_ >= end                          ? 4
                         : now_ >= end - absl::Hours(24)      ? 3
                         : now_ >= end - absl::Hours(24 * 7)  ? 2
                         : now_ >= end - absl::Hours(24 * 30) ? 1
                                                              : 0;
    ASSERT_EQ(told, expected) << hour;
  }
}

TEST_F(CertificateRotationTest, ANewVersionIsToldOfAnew) {
  const absl::Time end = now_ + absl::Hours(24 * 6);
  ASSERT_TRUE(Create(Pem(Issue(end))).ok());
  catalogs_.CheckFilesAndTimes();
  ASSERT_TRUE(Update(Pem(Issue(end))).ok());
  catalogs_.CheckFilesAndTimes();
  EXPECT_THAT(TakeKinds(), ElementsAre(Event::CERTIFICATE_ADDED, Event::CERTIFICATE_EXPIRING,
                                       Event::CERTIFICATE_ROTATED, Event::CERTIFICATE_EXPIRING));
}

// reliability.md row 23.
TEST_F(CertificateRotationTest, AClockThatJumpsAnHourRepeatsNothingAndOneOfYearsSwallowsNothing) {
  const absl::Time end = now_ + absl::Hours(24 * 7) + absl::Minutes(30);
  ASSERT_TRUE(Create(Pem(Issue(end))).ok());
  catalogs_.CheckFilesAndTimes();
  TakeKinds();
  const auto jump = [&](absl::Duration by) {
    now_ += by;
    catalogs_.CheckFilesAndTimes();
    return TakeKinds();
  };
  EXPECT_THAT(jump(absl::Hours(1)), ElementsAre(Event::CERTIFICATE_EXPIRING));  // a week
  EXPECT_THAT(jump(-absl::Hours(1)), IsEmpty());
  EXPECT_THAT(jump(absl::Hours(1)), IsEmpty());
  constexpr absl::Duration kTwoYears = absl::Hours(24 * 730);
  EXPECT_THAT(jump(kTwoYears), ElementsAre(Event::CERTIFICATE_EXPIRING));  // the end, once
  EXPECT_EQ(Get().state(), Certificate::EXPIRED);
  EXPECT_THAT(jump(-kTwoYears), IsEmpty());
  EXPECT_EQ(Get().state(), Certificate::EXPIRING);
  EXPECT_THAT(jump(absl::Hours(24 * 6)), ElementsAre(Event::CERTIFICATE_EXPIRING));  // a day
}

TEST_F(CertificateRotationTest, StatesAreCountedForMetrics) {
  ASSERT_TRUE(Create(Pem(Issue())).ok());
  ASSERT_TRUE(Create(Pem(Issue(now_ + absl::Hours(1))), "soon").ok());
  const auto counts = catalogs_.certificates.CountByState();
  EXPECT_EQ(counts.at(Certificate::VALID), 1);
  EXPECT_EQ(counts.at(Certificate::EXPIRING), 1);
}

}  // namespace
}  // namespace sipcm::server
