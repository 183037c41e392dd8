#include "core/net/dns/caching_resolver.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/error.h"
#include "tests/fakes/dns/fake_resolver.h"
#include "tests/fakes/manual_event_loop.h"

namespace sipcm::net {
namespace {

constexpr absl::Duration kTick = absl::Nanoseconds(1);

absl::Status Failed() {
  return MakeError(absl::StatusCode::kUnavailable, "DNS_SERVER_FAILED", "server failure");
}

class CachingResolverTest : public testing::Test {
 protected:
  DnsAnswer Resolve(const std::string& name, RecordType type = RecordType::kAddress) {
    std::optional<DnsAnswer> answer;
    auto resolution =
        resolver_.Resolve(type, name, [&](const DnsAnswer& result) { answer = result; });
    EXPECT_FALSE(answer.has_value()) << "answered from inside Resolve()";
    loop_.RunUntilIdle();
    EXPECT_TRUE(answer.has_value());
    return answer.value_or(DnsAnswer{absl::UnknownError("no answer"), {}, {}, {}, {}});
  }
  std::string Address(const std::string& name) {
    const DnsAnswer answer = Resolve(name);
    return answer.status.ok() ? answer.addresses[0].ToString() : ReasonOf(answer.status);
  }
  size_t asked() const { return source_.questions().size(); }
  // The answer just given is kept for exactly `duration`.
  void ExpectKeptFor(absl::Duration duration) {
    const size_t before = asked();
    loop_.AdvanceBy(duration - kTick);
    Resolve("a.example");
    EXPECT_EQ(asked(), before);
    loop_.AdvanceBy(kTick);
    Resolve("a.example");
    EXPECT_EQ(asked(), before + 1);
  }

  fakes::ManualEventLoop loop_;
  fakes::FakeResolver source_{&loop_};
  CachingResolver resolver_{&loop_, &source_};
};

TEST_F(CachingResolverTest, KeepsAnAnswerForItsTime) {
  source_.SetAddresses("a.example", {"192.0.2.1"});
  source_.set_ttl(absl::Seconds(90));
  EXPECT_EQ(Address("a.example"), "192.0.2.1");
  source_.SetAddresses("a.example", {"192.0.2.2"});
  EXPECT_EQ(Address("A.Example"), "192.0.2.1") << "whatever the case";
  ExpectKeptFor(absl::Seconds(90));
  EXPECT_EQ(Address("a.example"), "192.0.2.2");
}

TEST_F(CachingResolverTest, ATimeOfZeroIsKeptForASecond) {
  source_.SetAddresses("a.example", {"192.0.2.1"});
  source_.set_ttl(absl::ZeroDuration());
  Resolve("a.example");
  ExpectKeptFor(CachingResolver::kShortestTtl);
}

TEST_F(CachingResolverTest, AnEndlessTimeIsKeptForAnHour) {
  source_.SetAddresses("a.example", {"192.0.2.1"});
  source_.set_ttl(absl::Hours(24 * 365));
  Resolve("a.example");
  ExpectKeptFor(CachingResolver::kLongestTtl);
}

TEST_F(CachingResolverTest, ANameThatDoesNotExistIsKeptShortly) {
  source_.set_ttl(absl::Seconds(5));
  EXPECT_EQ(Address("a.example"), "DNS_NO_SUCH_NAME");
  ExpectKeptFor(absl::Seconds(5));
  source_.set_ttl(absl::Hours(10));
  loop_.AdvanceBy(absl::Seconds(5));
  Resolve("a.example");
  ExpectKeptFor(CachingResolver::kLongestNegativeTtl);
}

TEST_F(CachingResolverTest, WhatSaysItHoldsForNoTimeIsNotKept) {
  source_.SetError("a.example", Failed());
  source_.set_ttl(absl::ZeroDuration());
  Resolve("a.example");
  Resolve("a.example");
  EXPECT_EQ(asked(), 2u);
}

TEST_F(CachingResolverTest, TypesOfANameAreTwoAnswers) {
  source_.SetAddresses("a.example", {"192.0.2.1"});
  source_.SetServices("a.example", {{1, 1, 5060, "b.example"}});
  EXPECT_EQ(Resolve("a.example").addresses.size(), 1u);
  EXPECT_EQ(Resolve("a.example", RecordType::kService).services.size(), 1u);
  EXPECT_EQ(asked(), 2u);
}

TEST_F(CachingResolverTest, AsksOnceForAllWhoAskMeanwhile) {
  source_.SetAddresses("a.example", {"192.0.2.1"});
  source_.set_delay(absl::Seconds(1));
  int answers = 0;
  std::vector<std::unique_ptr<Resolution>> resolutions;
  for (int i = 0; i < 100; ++i) {
    resolutions.push_back(
        resolver_.Resolve(RecordType::kAddress, "a.example", [&](const DnsAnswer&) { ++answers; }));
  }
  resolutions.resize(60);  // the others gave up
  loop_.AdvanceBy(absl::Seconds(1) - kTick);
  EXPECT_EQ(answers, 0);
  loop_.AdvanceBy(kTick);
  EXPECT_EQ(answers, 60);
  EXPECT_EQ(asked(), 1u);
}

TEST_F(CachingResolverTest, AQuestionThatAllGaveUpStillFillsTheCache) {
  source_.SetAddresses("a.example", {"192.0.2.1"});
  resolver_.Resolve(RecordType::kAddress, "a.example", [](const DnsAnswer&) { FAIL(); }).reset();
  loop_.RunUntilIdle();
  Resolve("a.example");
  EXPECT_EQ(asked(), 1u);
}

TEST_F(CachingResolverTest, ACallbackMayGiveUpTheOthersAndAskAgain) {
  source_.SetAddresses("a.example", {"192.0.2.1"});
  std::unique_ptr<Resolution> other;
  std::unique_ptr<Resolution> again;
  int answers = 0;
  auto first = resolver_.Resolve(RecordType::kAddress, "a.example", [&](const DnsAnswer&) {
    other = nullptr;
    again =
        resolver_.Resolve(RecordType::kAddress, "a.example", [&](const DnsAnswer&) { ++answers; });
  });
  other = resolver_.Resolve(RecordType::kAddress, "a.example", [](const DnsAnswer&) { FAIL(); });
  loop_.RunUntilIdle();
  EXPECT_EQ(answers, 1);
  EXPECT_EQ(asked(), 1u);
}

TEST_F(CachingResolverTest, WhenTheServerFailsTheLastGoodAnswerStandsIn) {
  source_.SetAddresses("a.example", {"192.0.2.1"});
  EXPECT_EQ(Address("a.example"), "192.0.2.1");
  source_.SetError("a.example", Failed());
  loop_.AdvanceBy(absl::Minutes(1));
  EXPECT_EQ(Address("a.example"), "192.0.2.1");
  ExpectKeptFor(CachingResolver::kStaleTtl);
  loop_.AdvanceBy(CachingResolver::kLongestStale - CachingResolver::kStaleTtl - kTick);
  EXPECT_EQ(Address("a.example"), "192.0.2.1");
  loop_.AdvanceBy(CachingResolver::kStaleTtl);
  EXPECT_EQ(Address("a.example"), "DNS_SERVER_FAILED");
}

TEST_F(CachingResolverTest, ANameThatIsGoneIsNotMadeUpFromThePast) {
  source_.SetAddresses("a.example", {"192.0.2.1"});
  Resolve("a.example");
  source_.Forget("a.example");
  loop_.AdvanceBy(absl::Minutes(1));
  EXPECT_EQ(Address("a.example"), "DNS_NO_SUCH_NAME");
}

TEST_F(CachingResolverTest, KeepsSoManyNamesAndForgetsTheLeastRecentlyUsed) {
  for (size_t i = 0; i < CachingResolver::kMaxEntries; ++i) Resolve(absl::StrCat("n", i));
  Resolve("n0");
  EXPECT_EQ(asked(), CachingResolver::kMaxEntries);
  Resolve("one-more");
  EXPECT_EQ(resolver_.size(), CachingResolver::kMaxEntries);
  Resolve("n0");
  EXPECT_EQ(asked(), CachingResolver::kMaxEntries + 1);
  Resolve("n1");
  EXPECT_EQ(asked(), CachingResolver::kMaxEntries + 2) << "it was the least recently used";
}

}  // namespace
}  // namespace sipcm::net
