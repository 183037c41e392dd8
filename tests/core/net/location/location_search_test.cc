#include "core/net/location/location_search.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "core/base/error.h"
#include "core/base/random_source.h"
#include "tests/fakes/dns/fake_resolver.h"
#include "tests/fakes/manual_event_loop.h"

namespace sipcm::net {
namespace {

constexpr absl::Duration kTick = absl::Nanoseconds(1);

class LocationSearchTest : public testing::Test {
 protected:
  void Start(const std::string& host, ServiceQuery::Steps steps = ServiceQuery::Steps::kService,
             ServiceQuery::Service service = ServiceQuery::Service::kSip) {
    result_.reset();
    search_ = std::make_unique<LocationSearch>(
        &loop_, &resolver_, &random_, ServiceQuery{host, 5060, service, steps},
        [this](absl::StatusOr<std::vector<ServiceTarget>> result) {
          EXPECT_FALSE(result_.has_value());
          result_ = std::move(result);
          search_ = nullptr;  // allowed here
        });
    EXPECT_FALSE(result_.has_value()) << "answered from inside the constructor";
  }
  // "192.0.2.1:5060 [2001:db8::1]:5070", or the reason of the error.
  std::string Told() const {
    if (!result_.has_value()) return "nothing yet";
    if (!result_->ok()) return ReasonOf(result_->status());
    std::vector<std::string> texts;
    for (const ServiceTarget& target : **result_) texts.push_back(target.address.ToString());
    return absl::StrJoin(texts, " ");
  }
  std::string Locate(const std::string& host,
                     ServiceQuery::Steps steps = ServiceQuery::Steps::kService,
                     ServiceQuery::Service service = ServiceQuery::Service::kSip) {
    Start(host, steps, service);
    loop_.RunUntilIdle();
    return Told();
  }

  fakes::ManualEventLoop loop_;
  fakes::FakeResolver resolver_{&loop_};
  SeededRandomSource random_{1};
  std::optional<absl::StatusOr<std::vector<ServiceTarget>>> result_;
  std::unique_ptr<LocationSearch> search_;
};

TEST_F(LocationSearchTest, ALiteralAddressNeedsNoQuestion) {
  EXPECT_EQ(Locate("192.0.2.7"), "192.0.2.7:5060");
  EXPECT_EQ(Locate("2001:db8::7"), "[2001:db8::7]:5060");
  EXPECT_TRUE(resolver_.questions().empty());
}

TEST_F(LocationSearchTest, AGivenPortSkipsServiceRecords) {
  resolver_.SetAddresses("example.com", {"192.0.2.1"});
  resolver_.SetServices("_sip._tcp.example.com", {{1, 1, 5099, "other.example.com"}});
  EXPECT_EQ(Locate("example.com", ServiceQuery::Steps::kAddresses), "192.0.2.1:5060");
  EXPECT_EQ(resolver_.questions(), std::vector<std::string>{"example.com"});
}

TEST_F(LocationSearchTest, ThisHostItselfIsNotLookedUpAsAService) {
  resolver_.SetAddresses("localhost", {"127.0.0.1"});
  EXPECT_EQ(Locate("localhost"), "127.0.0.1:5060");
  EXPECT_EQ(resolver_.questions(), std::vector<std::string>{"localhost"});
}

TEST_F(LocationSearchTest, ServiceRecordsGiveHostPortAndOrder) {
  resolver_.SetServices("_sip._tcp.example.com",
                        {{20, 1, 5080, "backup.example.com"}, {10, 1, 5070, "main.example.com"}});
  resolver_.SetAddresses("main.example.com", {"192.0.2.1", "2001:db8::1"});
  resolver_.SetAddresses("backup.example.com", {"192.0.2.2"});
  EXPECT_EQ(Locate("example.com"), "192.0.2.1:5070 [2001:db8::1]:5070 192.0.2.2:5080");
  EXPECT_EQ((**result_)[0].priority, 10);
  EXPECT_EQ((**result_)[2].priority, 20);
  EXPECT_EQ((**result_)[2].weight, 1);
}

TEST_F(LocationSearchTest, SipsHasARecordOfItsOwn) {
  resolver_.SetServices("_sips._tcp.example.com", {{1, 1, 5071, "s.example.com"}});
  resolver_.SetAddresses("s.example.com", {"192.0.2.3"});
  EXPECT_EQ(Locate("example.com", ServiceQuery::Steps::kService, ServiceQuery::Service::kSips),
            "192.0.2.3:5071");
}

TEST_F(LocationSearchTest, APointerLeadsToAnotherServiceName) {
  resolver_.SetPointers("example.com", {{1, 1, "s", "SIP+D2T", "_sip._tcp.carrier.example"}});
  resolver_.SetServices("_sip._tcp.carrier.example", {{1, 1, 5070, "c.example"}});
  resolver_.SetServices("_sip._tcp.example.com", {{1, 1, 5099, "not-this.example"}});
  resolver_.SetAddresses("c.example", {"192.0.2.5"});
  EXPECT_EQ(Locate("example.com"), "192.0.2.5:5070");
}

TEST_F(LocationSearchTest, APointerThatLeadsNowhereIsForgotten) {
  resolver_.SetPointers("example.com", {{1, 1, "s", "SIP+D2T", "_sip._tcp.gone.example"}});
  resolver_.SetServices("_sip._tcp.example.com", {{1, 1, 5070, "c.example"}});
  resolver_.SetAddresses("c.example", {"192.0.2.5"});
  EXPECT_EQ(Locate("example.com"), "192.0.2.5:5070");
}

TEST_F(LocationSearchTest, WithoutServiceRecordsTheHostItselfIsTheService) {
  resolver_.SetAddresses("example.com", {"192.0.2.1"});
  EXPECT_EQ(Locate("example.com"), "192.0.2.1:5060");
}

TEST_F(LocationSearchTest, AServiceThatIsNotOfferedIsSaid) {
  resolver_.SetServices("_sip._tcp.example.com", {{0, 0, 0, ""}});
  resolver_.SetAddresses("example.com", {"192.0.2.1"});
  EXPECT_EQ(Locate("example.com"), "DNS_NO_SERVICE");
  EXPECT_TRUE(absl::StrContains(result_->status().message(), "\"_sip._tcp.example.com\""));
}

TEST_F(LocationSearchTest, AnswersWithoutSuccessAreTold) {
  EXPECT_EQ(Locate("none.example.com"), "DNS_NO_SUCH_NAME");
  resolver_.SetServices("_sip._tcp.example.com",
                        {{1, 1, 5070, "gone.example.com"}, {2, 1, 5070, "fails.example.com"}});
  resolver_.SetError("fails.example.com",
                     MakeError(absl::StatusCode::kUnavailable, "DNS_SERVER_FAILED", "failed"));
  EXPECT_EQ(Locate("example.com"), "DNS_SERVER_FAILED");
}

TEST_F(LocationSearchTest, ATargetWithoutAddressLeavesTheOthers) {
  resolver_.SetServices("_sip._tcp.example.com",
                        {{1, 1, 5070, "gone.example.com"}, {2, 1, 5071, "there.example.com"}});
  resolver_.SetAddresses("there.example.com", {"192.0.2.1"});
  EXPECT_EQ(Locate("example.com"), "192.0.2.1:5071");
}

TEST_F(LocationSearchTest, SilenceAboutServicesEndsInTheHostsAddresses) {
  resolver_.SetSilent("_sip._tcp.example.com");
  resolver_.SetAddresses("example.com", {"192.0.2.1"});
  Start("example.com");
  loop_.AdvanceBy(LocationSearch::kServiceLimit - kTick);
  EXPECT_EQ(Told(), "nothing yet");
  loop_.AdvanceBy(kTick);
  EXPECT_EQ(Told(), "192.0.2.1:5060");
}

TEST_F(LocationSearchTest, SilenceAboutPointersCostsLittleWhenServicesAreThere) {
  resolver_.SetSilent("example.com");
  resolver_.SetServices("_sip._tcp.example.com", {{1, 1, 5070, "a.example.com"}});
  resolver_.SetAddresses("a.example.com", {"192.0.2.1"});
  Start("example.com");
  loop_.AdvanceBy(LocationSearch::kStragglerLimit - kTick);
  EXPECT_EQ(Told(), "nothing yet");
  loop_.AdvanceBy(kTick);
  EXPECT_EQ(Told(), "192.0.2.1:5070");
}

TEST_F(LocationSearchTest, SilenceAboutALesserTargetCostsLittle) {
  resolver_.SetServices("_sip._tcp.example.com",
                        {{1, 1, 5070, "best.example.com"}, {2, 1, 5070, "silent.example.com"}});
  resolver_.SetSilent("silent.example.com");
  resolver_.SetAddresses("best.example.com", {"192.0.2.1"});
  Start("example.com");
  loop_.AdvanceBy(LocationSearch::kStragglerLimit - kTick);
  EXPECT_EQ(Told(), "nothing yet");
  loop_.AdvanceBy(kTick);
  EXPECT_EQ(Told(), "192.0.2.1:5070");
}

TEST_F(LocationSearchTest, TheBestTargetIsWaitedForToTheLimitOfAll) {
  resolver_.SetServices("_sip._tcp.example.com",
                        {{1, 1, 5070, "silent.example.com"}, {2, 1, 5070, "lesser.example.com"}});
  resolver_.SetSilent("silent.example.com");
  resolver_.SetAddresses("lesser.example.com", {"192.0.2.2"});
  Start("example.com");
  loop_.AdvanceBy(LocationSearch::kLimit - kTick);
  EXPECT_EQ(Told(), "nothing yet");
  loop_.AdvanceBy(kTick);
  EXPECT_EQ(Told(), "192.0.2.2:5070");
}

TEST_F(LocationSearchTest, SilenceOfAllEndsWithinFiveSeconds) {
  for (const char* name : {"example.com", "_sip._tcp.example.com"}) resolver_.SetSilent(name);
  Start("example.com");
  loop_.AdvanceBy(LocationSearch::kLimit - kTick);
  EXPECT_EQ(Told(), "nothing yet");
  loop_.AdvanceBy(kTick);
  EXPECT_EQ(Told(), "DNS_TIMEOUT");
  EXPECT_LT(LocationSearch::kLimit, absl::Seconds(5));
}

TEST_F(LocationSearchTest, ManyTargetsAreBounded) {
  std::vector<ServiceRecord> services;
  for (int i = 0; i < 100; ++i) {
    const std::string host = absl::StrCat("h", i, ".example.com");
    services.push_back({1, 0, 5060, host});
    std::vector<std::string> addresses;
    for (int n = 1; n <= 100; ++n) addresses.push_back(absl::StrCat("10.", i, ".0.", n));
    resolver_.SetAddresses(host, addresses);
  }
  resolver_.SetServices("_sip._tcp.example.com", services);
  Locate("example.com");
  ASSERT_TRUE(result_->ok());
  EXPECT_EQ((*result_)->size(), LocationSearch::kMaxTargets);
  EXPECT_EQ(resolver_.questions().size(), 2 + LocationSearch::kMaxServices);
}

TEST_F(LocationSearchTest, OneAddressOfTwoTargetsIsTriedOnce) {
  resolver_.SetServices("_sip._tcp.example.com",
                        {{1, 1, 5070, "a.example.com"}, {2, 1, 5070, "b.example.com"}});
  resolver_.SetAddresses("a.example.com", {"192.0.2.1"});
  resolver_.SetAddresses("b.example.com", {"192.0.2.1", "192.0.2.2"});
  EXPECT_EQ(Locate("example.com"), "192.0.2.1:5070 192.0.2.2:5070");
}

TEST_F(LocationSearchTest, DestroyedAtAnyStepItGivesUpWithoutACall) {
  resolver_.SetServices("_sip._tcp.example.com", {{1, 1, 5070, "a.example.com"}});
  resolver_.SetAddresses("a.example.com", {"192.0.2.1"});
  resolver_.set_delay(absl::Seconds(1));
  for (const int milliseconds : {0, 500, 1500}) {
    Start("example.com");
    loop_.AdvanceBy(absl::Milliseconds(milliseconds));
    search_ = nullptr;
    loop_.AdvanceBy(absl::Seconds(10));
    EXPECT_EQ(Told(), "nothing yet");
    EXPECT_EQ(resolver_.pending_count(), 0u);
  }
}

}  // namespace
}  // namespace sipcm::net
