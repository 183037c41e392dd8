#include "core/tls/extended_key_usage.h"

#include <string>
#include <vector>

#include "core/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipcm::tls {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Match = ExtendedKeyUsagePolicy::Match;
using Strictness = ExtendedKeyUsagePolicy::Strictness;

constexpr char kServerAuth[] = "1.3.6.1.5.5.7.3.1";
constexpr char kClientAuth[] = "1.3.6.1.5.5.7.3.2";
constexpr char kSipDomain[] = "1.3.6.1.5.5.7.3.20";
constexpr char kAnyUsage[] = "2.5.29.37.0";

ExtendedKeyUsagePolicy Policy(std::vector<std::string> required, Match match,
                              Strictness strictness = Strictness::kAnyUsageSatisfies) {
  return *ExtendedKeyUsagePolicy::Create(required, match, strictness);
}

Certificate With(std::vector<std::string> usages) {
  Certificate certificate;
  certificate.has_extended_key_usage = true;
  certificate.extended_key_usages = std::move(usages);
  return certificate;
}

TEST(ExtendedKeyUsageTest, TakesNamesAndDottedOidsAndCountsDuplicatesOnce) {
  EXPECT_THAT(Policy({"serverAuth", "clientAuth", "sipDomain", "anyExtendedKeyUsage",
                      "1.3.6.1.5.5.7.3.1", "1.2.3.40"},
                     Match::kAll)
                  .required(),
              ElementsAre(kServerAuth, kClientAuth, kSipDomain, kAnyUsage, "1.2.3.40"));
}

TEST(ExtendedKeyUsageTest, RefusesWhatIsNoUsageAndNamesTheField) {
  for (const std::string bad :
       {"", "serverauthentication", "1", "1.", ".1", "1..2", "1.02", "3.1", "1.2.x", "1.2 "}) {
    const auto policy = ExtendedKeyUsagePolicy::Create(std::vector<std::string>{"clientAuth", bad},
                                                       Match::kAll, Strictness::kAnyUsageSatisfies);
    ASSERT_FALSE(policy.ok()) << bad;
    EXPECT_EQ(policy.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(FieldOf(policy.status()), "required[1]");
  }
}

TEST(ExtendedKeyUsageTest, AnEmptyPolicyAsksForNothing) {
  EXPECT_EQ(ExtendedKeyUsagePolicy().Violation(With({})), "");
  EXPECT_EQ(ExtendedKeyUsagePolicy().Violation(With({kServerAuth})), "");
}

TEST(ExtendedKeyUsageTest, AnAbsentExtensionIsUnrestrictedEvenWhenStrict) {
  const Certificate unrestricted;
  for (const Match match : {Match::kAll, Match::kAny}) {
    for (const Strictness strictness : {Strictness::kAnyUsageSatisfies, Strictness::kStrict}) {
      EXPECT_EQ(Policy({"clientAuth", "sipDomain"}, match, strictness).Violation(unrestricted), "");
    }
  }
}

// Scenario 5: what the leaf carries, against clientAuth + sipDomain required.
struct Row {
  std::string title;
  std::vector<std::string> carries;
  bool all, any, strict_all, strict_any;
};

class UsageMatrixTest : public ::testing::TestWithParam<Row> {};

TEST_P(UsageMatrixTest, FollowsSemantics6) {
  const std::vector<std::string> required = {"clientAuth", "sipDomain"};
  const Certificate leaf = With(GetParam().carries);
  EXPECT_EQ(Policy(required, Match::kAll).Violation(leaf).empty(), GetParam().all);
  EXPECT_EQ(Policy(required, Match::kAny).Violation(leaf).empty(), GetParam().any);
  EXPECT_EQ(Policy(required, Match::kAll, Strictness::kStrict).Violation(leaf).empty(),
            GetParam().strict_all);
  EXPECT_EQ(Policy(required, Match::kAny, Strictness::kStrict).Violation(leaf).empty(),
            GetParam().strict_any);
}

INSTANTIATE_TEST_SUITE_P(
    Scenario5, UsageMatrixTest,
    ::testing::Values(Row{"Empty", {}, false, false, false, false},
                      Row{"Any", {kAnyUsage}, true, true, false, false},
                      Row{"Client", {kClientAuth}, false, true, false, true},
                      Row{"Server", {kServerAuth}, false, false, false, false},
                      Row{"SipDomain", {kSipDomain}, false, true, false, true},
                      Row{"ClientAndSipDomain", {kSipDomain, kClientAuth}, true, true, true, true},
                      Row{"AnyAndClient", {kAnyUsage, kClientAuth}, true, true, false, true},
                      Row{"AnyAndServer", {kAnyUsage, kServerAuth}, true, true, false, false}),
    [](const ::testing::TestParamInfo<Row>& row) { return row.param.title; });

TEST(ExtendedKeyUsageTest, RequiringAnyUsageItselfIsSatisfiedByItAlsoWhenStrict) {
  const auto policy = Policy({"anyExtendedKeyUsage"}, Match::kAll, Strictness::kStrict);
  EXPECT_EQ(policy.Violation(With({kAnyUsage})), "");
  EXPECT_NE(policy.Violation(With({kClientAuth})), "");
}

TEST(ExtendedKeyUsageTest, SaysByNameWhatTheCertificateHasAndWhatIsRequired) {
  const std::string violation =
      Policy({"clientAuth", "1.2.3.4"}, Match::kAll).Violation(With({kServerAuth}));
  EXPECT_THAT(violation, HasSubstr("[serverAuth]"));
  EXPECT_THAT(violation, HasSubstr("all of [clientAuth, 1.2.3.4]"));
  EXPECT_THAT(Policy({"clientAuth"}, Match::kAny, Strictness::kStrict).Violation(With({kAnyUsage})),
              HasSubstr("strict"));
}

}  // namespace
}  // namespace sipcm::tls
