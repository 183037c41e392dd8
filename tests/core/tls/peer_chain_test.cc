// The chain, time and revocation rows of semantics.md 6, as VerifyPeer judges them.

#include <memory>
#include <string>
#include <vector>

#include "core/tls/peer_verifier.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/tls/tls_fixture.h"

namespace sipcm::tls {
namespace {

using ::testing::HasSubstr;
using Key = pki::CertificateOptions::Key;
using Options = pki::CertificateOptions;

const Options kLeaf{.dns_names = {"a.org"}};

class PeerChainTest : public ::testing::Test {
 protected:
  static PeerVerdict Judge(std::shared_ptr<const TrustBundle> bundle, const std::string& chain_pem,
                           absl::Time at = TestNow()) {
    return VerifyPeer(PolicyOf(std::move(bundle), {"a.org", "evil.org"}), ChainOf(chain_pem),
                      PeerRole::kIncomingClient, "", at);
  }
  static PeerRefusal RefusalOf(std::shared_ptr<const TrustBundle> bundle,
                               const std::string& chain_pem, absl::Time at = TestNow()) {
    return Judge(std::move(bundle), chain_pem, at).refusal;
  }

  const pki::CertificateAuthority root_{"Root"};
  const std::shared_ptr<const TrustBundle> bundle_ = Trusting(root_);
};

TEST_F(PeerChainTest, FollowsIntermediatesInAnyOrderAndNeedsThem) {
  const auto middle = root_.IssueAuthority("Middle");
  const auto lower = middle->IssueAuthority("Lower");
  const pki::IssuedCertificate leaf = lower->Issue(kLeaf);
  EXPECT_EQ(RefusalOf(bundle_, leaf.chain_pem), PeerRefusal::kNone);
  EXPECT_EQ(RefusalOf(bundle_,
                      leaf.certificate_pem + middle->certificate_pem() + lower->certificate_pem()),
            PeerRefusal::kNone);
  const PeerVerdict lonely = Judge(bundle_, leaf.certificate_pem);
  EXPECT_EQ(lonely.refusal, PeerRefusal::kUntrustedChain);
  EXPECT_THAT(lonely.explanation, HasSubstr("must send its intermediate certificates"));
  EXPECT_THAT(lonely.explanation, HasSubstr("trustBundles/test@1"));
}

TEST_F(PeerChainTest, AnIntermediateInTheBundleIsAnAnchor) {
  const auto middle = root_.IssueAuthority("Middle");
  EXPECT_EQ(RefusalOf(Trusting(*middle), middle->Issue(kLeaf).certificate_pem), PeerRefusal::kNone);
  EXPECT_EQ(RefusalOf(Trusting(*middle), root_.Issue(kLeaf).chain_pem),
            PeerRefusal::kUntrustedChain);
}

TEST_F(PeerChainTest, RefusesOtherRootsSelfSignedAndImpostors) {
  const pki::CertificateAuthority other("Other");
  const pki::CertificateAuthority impostor("Root");
  EXPECT_EQ(RefusalOf(bundle_, other.Issue(kLeaf).chain_pem), PeerRefusal::kUntrustedChain);
  EXPECT_EQ(RefusalOf(bundle_, other.Issue(kLeaf).chain_pem + other.certificate_pem()),
            PeerRefusal::kUntrustedChain);
  EXPECT_EQ(RefusalOf(bundle_, pki::IssueSelfSigned(kLeaf).chain_pem),
            PeerRefusal::kUntrustedChain);
  EXPECT_NE(RefusalOf(bundle_, impostor.Issue(kLeaf).chain_pem), PeerRefusal::kNone);
  EXPECT_NE(RefusalOf(bundle_, impostor.Issue(kLeaf).chain_pem + impostor.certificate_pem()),
            PeerRefusal::kNone);
}

TEST_F(PeerChainTest, TakesAPinnedSelfSignedPeer) {
  const pki::IssuedCertificate pinned = pki::IssueSelfSigned(kLeaf);
  const auto bundle = TrustBundle::FromPem("a", "1", pinned.certificate_pem, "");
  ASSERT_TRUE(bundle.ok());
  EXPECT_EQ(RefusalOf(*bundle, pinned.chain_pem), PeerRefusal::kNone);
}

TEST_F(PeerChainTest, JudgesTheLeafsTimeAtItsEdges) {
  const absl::Time begin = TestNow();
  const absl::Time end = begin + absl::Hours(1);
  const std::string chain =
      root_.Issue({.dns_names = {"a.org"}, .not_before = begin, .not_after = end}).chain_pem;
  const auto second = absl::Seconds(1);
  const PeerVerdict early = Judge(bundle_, chain, begin - second);
  EXPECT_EQ(early.refusal, PeerRefusal::kNotYetValid);
  EXPECT_THAT(early.explanation, HasSubstr("clocks"));
  EXPECT_EQ(RefusalOf(bundle_, chain, begin), PeerRefusal::kNone);
  EXPECT_EQ(RefusalOf(bundle_, chain, end - second), PeerRefusal::kNone);
  const PeerVerdict late = Judge(bundle_, chain, end);
  EXPECT_EQ(late.refusal, PeerRefusal::kExpired);
  EXPECT_THAT(late.explanation, HasSubstr("has expired at 2026-05-28"));
}

TEST_F(PeerChainTest, AnExpiredIntermediateOrRootExpiresTheChain) {
  const absl::Time past = TestNow() - absl::Hours(1);
  const auto middle = root_.IssueAuthority("Middle", {.not_after = past});
  const PeerVerdict verdict = Judge(bundle_, middle->Issue(kLeaf).chain_pem);
  EXPECT_EQ(verdict.refusal, PeerRefusal::kExpired);
  EXPECT_THAT(verdict.explanation, HasSubstr("CN=Middle"));
  const pki::CertificateAuthority old_root("Old", {.not_after = past});
  EXPECT_EQ(RefusalOf(Trusting(old_root), old_root.Issue(kLeaf).chain_pem), PeerRefusal::kExpired);
}

TEST_F(PeerChainTest, RefusesIssuersThatAreNone) {
  const auto false_authority = root_.IssueFalseAuthority("False");
  EXPECT_EQ(RefusalOf(bundle_, false_authority->Issue(kLeaf).chain_pem),
            PeerRefusal::kChainInvalid);
  const auto short_path = root_.IssueAuthority("Short", {.path_length = 0});
  const auto below = short_path->IssueAuthority("Below");
  EXPECT_EQ(RefusalOf(bundle_, short_path->Issue(kLeaf).chain_pem), PeerRefusal::kNone);
  EXPECT_EQ(RefusalOf(bundle_, below->Issue(kLeaf).chain_pem), PeerRefusal::kChainInvalid);
}

TEST_F(PeerChainTest, NameConstraintsHoldForEveryKindOfNameThatCounts) {
  const auto confined =
      root_.IssueAuthority("Confined", {.name_constraints = {"permitted;DNS:a.org"}});
  const auto judge = [&](const Options& options) {
    return RefusalOf(bundle_, confined->Issue(options).chain_pem);
  };
  EXPECT_EQ(judge(kLeaf), PeerRefusal::kNone);
  EXPECT_EQ(judge({.uri_names = {"sip:a.org"}}), PeerRefusal::kNone);
  EXPECT_EQ(judge({.dns_names = {"evil.org"}}), PeerRefusal::kChainInvalid);
  EXPECT_EQ(judge({.common_name = "evil.org"}), PeerRefusal::kChainInvalid);
  EXPECT_EQ(judge({.common_name = "evil.org", .dns_names = {"a.org"}}), PeerRefusal::kChainInvalid);
  EXPECT_EQ(judge({.uri_names = {"sip:evil.org"}}), PeerRefusal::kChainInvalid);
  const auto excluded =
      root_.IssueAuthority("Excluded", {.name_constraints = {"excluded;DNS:evil.org"}});
  EXPECT_EQ(RefusalOf(bundle_, excluded->Issue(kLeaf).chain_pem), PeerRefusal::kNone);
  EXPECT_EQ(RefusalOf(bundle_, excluded->Issue({.uri_names = {"sip:evil.org"}}).chain_pem),
            PeerRefusal::kChainInvalid);
}

TEST_F(PeerChainTest, LooksAtNoMoreCertificatesThanTheLimit) {
  const pki::IssuedCertificate leaf = root_.Issue(kLeaf);
  std::string chain = leaf.chain_pem;
  for (int i = 1; i < 10; ++i) chain += leaf.certificate_pem;
  EXPECT_EQ(RefusalOf(bundle_, chain), PeerRefusal::kNone);
  const PeerVerdict verdict = Judge(bundle_, chain + leaf.certificate_pem);
  EXPECT_EQ(verdict.refusal, PeerRefusal::kChainTooLong);
  EXPECT_THAT(verdict.explanation, HasSubstr("11 certificates"));
}

TEST_F(PeerChainTest, FollowsNoDeeperThanTheLimit) {
  std::vector<std::unique_ptr<pki::CertificateAuthority>> line;
  line.push_back(root_.IssueAuthority("1"));
  for (int depth = 2; depth <= 9; ++depth) {
    line.push_back(line.back()->IssueAuthority(std::to_string(depth)));
  }
  // With leaf and root: 10 and 11 certificates.
  EXPECT_EQ(RefusalOf(bundle_, line[7]->Issue(kLeaf).chain_pem), PeerRefusal::kNone);
  EXPECT_EQ(RefusalOf(bundle_, line[8]->Issue(kLeaf).chain_pem), PeerRefusal::kChainTooLong);
  PeerPolicy policy = PolicyOf(bundle_, {"a.org"});
  policy.max_chain_length = 2;
  const auto judge = [&](const std::string& chain) {
    return VerifyPeer(policy, ChainOf(chain), PeerRole::kIncomingClient, "", TestNow()).refusal;
  };
  EXPECT_EQ(judge(root_.Issue(kLeaf).chain_pem), PeerRefusal::kNone);
  EXPECT_EQ(judge(line[0]->Issue(kLeaf).chain_pem), PeerRefusal::kChainTooLong);
}

TEST_F(PeerChainTest, RefusesWeakKeysAndSignatures) {
  EXPECT_EQ(
      RefusalOf(bundle_, root_.Issue({.dns_names = {"a.org"}, .key = Key::kRsa1024}).chain_pem),
      PeerRefusal::kWeakKeyOrSignature);
  const PeerVerdict sha1 =
      Judge(bundle_, root_.Issue({.dns_names = {"a.org"}, .sha1 = true}).chain_pem);
  EXPECT_EQ(sha1.refusal, PeerRefusal::kWeakKeyOrSignature);
  EXPECT_THAT(sha1.explanation, HasSubstr("SHA-256"));
}

TEST_F(PeerChainTest, RefusesTheRevokedAndNobodyElse) {
  const pki::IssuedCertificate good = root_.Issue(kLeaf);
  const pki::IssuedCertificate bad = root_.Issue(kLeaf);
  const auto bundle = Trusting(root_, root_.MakeCrl({bad.serial}));
  EXPECT_EQ(RefusalOf(bundle, good.chain_pem), PeerRefusal::kNone);
  EXPECT_EQ(RefusalOf(bundle, bad.chain_pem), PeerRefusal::kRevoked);
  EXPECT_EQ(RefusalOf(bundle_, bad.chain_pem), PeerRefusal::kNone);
  EXPECT_EQ(RefusalOf(Trusting(root_, root_.MakeCrl({bad.serial}), CrlCheck::kOff), bad.chain_pem),
            PeerRefusal::kNone);
}

TEST_F(PeerChainTest, AStaleCrlRefusesUnlessItIsAccepted) {
  const pki::IssuedCertificate good = root_.Issue(kLeaf);
  const pki::IssuedCertificate bad = root_.Issue(kLeaf);
  const std::string crl = root_.MakeCrl({bad.serial}, pki::DefaultNotBefore(), TestNow());
  const auto strict = Trusting(root_, crl);
  EXPECT_EQ(RefusalOf(strict, good.chain_pem, TestNow() - absl::Seconds(1)), PeerRefusal::kNone);
  const PeerVerdict stale = Judge(strict, good.chain_pem);
  EXPECT_EQ(stale.refusal, PeerRefusal::kRevocationUnknown);
  EXPECT_THAT(stale.explanation, HasSubstr("current revocation list"));
  const auto lenient = Trusting(root_, crl, CrlCheck::kLeafIfAny, StaleCrl::kAccept);
  EXPECT_EQ(RefusalOf(lenient, good.chain_pem), PeerRefusal::kNone);
  EXPECT_EQ(RefusalOf(lenient, bad.chain_pem), PeerRefusal::kRevoked);
}

TEST_F(PeerChainTest, ALeafWhoseIssuerHasNoCrlIsRefusedOnceLeavesAreChecked) {
  const auto middle = root_.IssueAuthority("Middle");
  const auto bundle = Trusting(root_, root_.MakeCrl({}));
  EXPECT_EQ(RefusalOf(bundle, middle->Issue(kLeaf).chain_pem), PeerRefusal::kRevocationUnknown);
}

TEST_F(PeerChainTest, IntermediatesAreCheckedWhereThereIsACrlAndMustBeWhenTheChainIs) {
  const auto middle = root_.IssueAuthority("Middle");
  const auto other = root_.IssueAuthority("Other");
  const pki::IssuedCertificate leaf = middle->Issue(kLeaf);
  const std::string leaf_crl = middle->MakeCrl({});
  EXPECT_EQ(RefusalOf(Trusting(root_, leaf_crl), leaf.chain_pem), PeerRefusal::kNone);
  EXPECT_EQ(RefusalOf(Trusting(root_, leaf_crl, CrlCheck::kChain), leaf.chain_pem),
            PeerRefusal::kRevocationUnknown);
  EXPECT_EQ(
      RefusalOf(Trusting(root_, leaf_crl + root_.MakeCrl({}), CrlCheck::kChain), leaf.chain_pem),
      PeerRefusal::kNone);
  const std::string revokes_middle = root_.MakeCrl({middle->serial()});
  EXPECT_EQ(RefusalOf(Trusting(root_, leaf_crl + revokes_middle), leaf.chain_pem),
            PeerRefusal::kRevoked);
  EXPECT_EQ(RefusalOf(Trusting(root_, other->MakeCrl({}) + revokes_middle),
                      other->Issue(kLeaf).chain_pem),
            PeerRefusal::kNone);
}

TEST_F(PeerChainTest, ACrlSignedByAnotherIsNotBelieved) {
  const pki::CertificateAuthority impostor("Root");
  EXPECT_EQ(RefusalOf(Trusting(root_, impostor.MakeCrl({})), root_.Issue(kLeaf).chain_pem),
            PeerRefusal::kRevocationUnknown);
}

}  // namespace
}  // namespace sipcm::tls
