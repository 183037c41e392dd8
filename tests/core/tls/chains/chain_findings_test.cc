#include "core/tls/chains/chain_findings.h"

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "tests/core/tls/tls_fixture.h"

namespace sipcm::tls {
namespace {

constexpr absl::Duration kSecond = absl::Seconds(1);

class ChainFindingsTest : public ::testing::Test {
 protected:
  auto Reader() {
    return [this]() -> const CertificateChain& { return chain_; };
  }
  void Use(std::shared_ptr<const TrustBundle> bundle, const pki::IssuedCertificate& leaf) {
    policy_ = PolicyOf(std::move(bundle));
    chain_ = ChainOf(leaf.chain_pem);
  }
  PeerRefusal Ask(absl::Time at) {
    return findings_.Ask(policy_.trust_bundle, policy_, names_, Reader(), at).refusal;
  }
  // Whether the next question at that time has the chain verified.
  bool Verifies(absl::Time at) {
    const int before = findings_.verification_count();
    Ask(at);
    return findings_.verification_count() > before;
  }
  // Known until then, when something changes.
  void ExpectVerifiedAgainAt(absl::Time change) {
    EXPECT_TRUE(Verifies(TestNow()));
    EXPECT_FALSE(Verifies(TestNow()));
    EXPECT_FALSE(Verifies(change - absl::Nanoseconds(1)));
    EXPECT_TRUE(Verifies(change));
    EXPECT_FALSE(Verifies(change));
  }

  const absl::Time later_ = TestNow() + absl::Minutes(10);
  const pki::CertificateAuthority root_{"Root"};
  PeerPolicy policy_;
  CertificateChain chain_;
  CertificateNames names_;
  ChainFindings findings_;
};

TEST_F(ChainFindingsTest, HoldUntilTheLeafExpires) {
  Use(Trusting(root_), root_.Issue({.not_after = later_}));
  ExpectVerifiedAgainAt(later_);
  EXPECT_EQ(Ask(later_), PeerRefusal::kExpired);
}

TEST_F(ChainFindingsTest, HoldUntilAnIssuerOfTheChainExpires) {
  Use(Trusting(root_), root_.IssueAuthority("Middle", {.not_after = later_})->Issue({}));
  ExpectVerifiedAgainAt(later_);
  EXPECT_EQ(Ask(later_), PeerRefusal::kExpired);
}

TEST_F(ChainFindingsTest, HoldUntilTheAnchorExpires) {
  const pki::CertificateAuthority root("Root", {.not_after = later_});
  Use(Trusting(root), root.Issue({}));
  ExpectVerifiedAgainAt(later_);
  EXPECT_EQ(Ask(later_), PeerRefusal::kExpired);
}

TEST_F(ChainFindingsTest, HoldUntilAnyAnchorBeginsToBeValid) {
  const pki::CertificateAuthority other("Other", {.not_before = later_});
  auto bundle =
      TrustBundle::FromPem("a", "1", root_.certificate_pem() + other.certificate_pem(), "");
  ASSERT_TRUE(bundle.ok());
  Use(*bundle, root_.Issue({}));
  ExpectVerifiedAgainAt(later_);
}

TEST_F(ChainFindingsTest, ARefusalHoldsUntilTheLeafIsValid) {
  Use(Trusting(root_), root_.Issue({.not_before = later_}));
  ExpectVerifiedAgainAt(later_);
  EXPECT_EQ(Ask(later_ - kSecond), PeerRefusal::kNotYetValid);
  EXPECT_EQ(Ask(later_), PeerRefusal::kNone);
}

TEST_F(ChainFindingsTest, HoldUntilTheRevocationListIsOutOfDate) {
  Use(Trusting(root_, root_.MakeCrl({}, pki::DefaultNotBefore(), later_)), root_.Issue({}));
  ExpectVerifiedAgainAt(later_);
  EXPECT_EQ(Ask(later_), PeerRefusal::kRevocationUnknown);
}

TEST_F(ChainFindingsTest, HoldUntilARevocationListTakesEffect) {
  const pki::IssuedCertificate leaf = root_.Issue({});
  Use(Trusting(root_, root_.MakeCrl({leaf.serial}, later_)), leaf);
  ExpectVerifiedAgainAt(later_);
  EXPECT_EQ(Ask(later_), PeerRefusal::kRevoked);
}

TEST_F(ChainFindingsTest, DoNotHoldForTheTimeBeforeTheyWereMade) {
  Use(Trusting(root_), root_.Issue({.not_before = TestNow()}));
  EXPECT_TRUE(Verifies(TestNow()));
  EXPECT_TRUE(Verifies(TestNow() - kSecond));  // the clock was set back
  EXPECT_EQ(Ask(TestNow() - kSecond), PeerRefusal::kNotYetValid);
}

TEST_F(ChainFindingsTest, DoNotKeepTheirBundle) {
  Use(Trusting(root_), root_.Issue({}));
  Ask(TestNow());
  const std::weak_ptr<const TrustBundle> bundle = policy_.trust_bundle;
  policy_.trust_bundle = Trusting(root_);
  EXPECT_TRUE(bundle.expired());
  EXPECT_TRUE(Verifies(TestNow()));
}

TEST_F(ChainFindingsTest, HoldForTheirBundleAndRulesAlone) {
  Use(Trusting(root_), root_.Issue({}));
  const auto same_by_name = Trusting(pki::CertificateAuthority("Other"));
  EXPECT_EQ(Ask(TestNow()), PeerRefusal::kNone);
  EXPECT_EQ(findings_.Ask(same_by_name, policy_, names_, Reader(), TestNow()).refusal,
            PeerRefusal::kUntrustedChain);
  EXPECT_EQ(findings_.verification_count(), 2);
  EXPECT_FALSE(Verifies(TestNow()));
  policy_.name_check = NameCheck::kRfc5922;
  EXPECT_TRUE(Verifies(TestNow()));
  policy_.max_chain_length = 1;
  EXPECT_EQ(Ask(TestNow()), PeerRefusal::kChainTooLong);
  EXPECT_EQ(findings_.verification_count(), 4);
}

}  // namespace
}  // namespace sipcm::tls
