#include "core/net/dns/cares_resolver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "core/base/error.h"
#include "core/net/address.h"
#include "core/net/dns/resolver.h"
#include "tests/conformance/real_time.h"
#include "tests/fakes/dns/fake_dns_server.h"

namespace sipcm::net {
namespace {

using fakes::FakeDnsServer;

class CaresResolverTest : public testing::Test {
 protected:
  void SetUp() override { resolver_ = MakeResolver({}); }

  std::unique_ptr<CaresResolver> MakeResolver(CaresResolverOptions options) {
    if (options.servers.empty()) options.servers = server_.address();
    absl::StatusOr<std::unique_ptr<CaresResolver>> resolver =
        CaresResolver::Create(time_.loop(), options);
    EXPECT_TRUE(resolver.ok()) << resolver.status();
    return *std::move(resolver);
  }
  DnsAnswer Resolve(const std::string& name, RecordType type = RecordType::kAddress) {
    std::optional<DnsAnswer> answer;
    auto resolution =
        resolver_->Resolve(type, name, [&](const DnsAnswer& result) { answer = result; });
    EXPECT_FALSE(answer.has_value()) << "answered from inside Resolve()";
    EXPECT_TRUE(time_.RunUntil([&] { return answer.has_value(); }));
    return answer.value_or(DnsAnswer{absl::UnknownError("no answer"), {}, {}, {}, {}});
  }
  // As text, in order.
  std::vector<std::string> Addresses(const std::string& host) {
    std::vector<std::string> texts;
    const DnsAnswer answer = Resolve(host);
    EXPECT_TRUE(answer.status.ok()) << answer.status;
    for (const IpAddress& ip : answer.addresses) texts.push_back(ip.ToString());
    return texts;
  }
  void ExpectError(const std::string& host, absl::StatusCode code, const std::string& reason,
                   RecordType type = RecordType::kAddress) {
    const absl::Status status = Resolve(host, type).status;
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_EQ(ReasonOf(status), reason) << status;
  }

  conformance::RealTime time_;
  FakeDnsServer server_{time_.loop()};
  std::unique_ptr<CaresResolver> resolver_;
};

TEST_F(CaresResolverTest, LiteralAddressesAnswerThemselvesWithoutAQuestion) {
  EXPECT_EQ(Addresses("192.0.2.7"), std::vector<std::string>{"192.0.2.7"});
  EXPECT_EQ(Addresses("[2001:db8::1]"), std::vector<std::string>{"2001:db8::1"});
  EXPECT_TRUE(server_.questions().empty());
}

TEST_F(CaresResolverTest, LocalhostIsThisHostWhateverDnsSays) {
  const std::vector<std::string> both = {"::1", "127.0.0.1"};
  EXPECT_EQ(Addresses("localhost"), both);
  EXPECT_EQ(Addresses("sip.LOCALHOST"), both);
  EXPECT_TRUE(server_.questions().empty());
}

TEST_F(CaresResolverTest, GivesTheAddressesOfBothFamilies) {
  FakeDnsServer::Entry entry;
  entry.ipv4 = {"127.0.0.5", "127.0.0.6"};
  entry.ipv6 = {"::1"};
  server_.Set("sip.example.net", entry);
  std::vector<std::string> addresses = Addresses("SIP.example.net");
  ASSERT_EQ(addresses.size(), 3u);
  EXPECT_EQ(addresses[0], "::1");
  std::sort(addresses.begin(), addresses.end());
  EXPECT_EQ(addresses, (std::vector<std::string>{"127.0.0.5", "127.0.0.6", "::1"}));
}

TEST_F(CaresResolverTest, OneFamilyIsEnough) {
  FakeDnsServer::Entry entry;
  entry.ipv6 = {"::1"};
  server_.Set("six.example.net", entry);
  EXPECT_EQ(Addresses("six.example.net"), std::vector<std::string>{"::1"});
}

TEST_F(CaresResolverTest, FollowsAnAlias) {
  FakeDnsServer::Entry entry;
  entry.alias = "real.example.net";
  entry.ipv4 = {"127.0.0.5"};
  server_.Set("alias.example.net", entry);
  EXPECT_EQ(Addresses("alias.example.net"), std::vector<std::string>{"127.0.0.5"});
}

TEST_F(CaresResolverTest, SameAddressTwiceIsGivenOnceAndNotMoreThanTheLimit) {
  FakeDnsServer::Entry twice;
  twice.ipv4 = {"127.0.0.5", "127.0.0.5"};
  server_.Set("twice.example.net", twice);
  EXPECT_EQ(Addresses("twice.example.net"), std::vector<std::string>{"127.0.0.5"});
  FakeDnsServer::Entry many;
  many.alias = "m.example.net";
  for (int i = 1; i <= 12; ++i) many.ipv4.push_back("127.0.1." + std::to_string(i));
  server_.Set("many.example.net", many);
  EXPECT_EQ(Addresses("many.example.net").size(), 12u);
}

TEST_F(CaresResolverTest, NameThatDoesNotExistIsNotFoundAndNamed) {
  ExpectError("none.example.net", absl::StatusCode::kNotFound, "DNS_NO_SUCH_NAME");
  EXPECT_TRUE(
      absl::StrContains(Resolve("none.example.net").status.message(), "\"none.example.net\""));
}

TEST_F(CaresResolverTest, NameWithoutAddressIsToldApart) {
  server_.Set("mx.example.net", FakeDnsServer::Entry());
  ExpectError("mx.example.net", absl::StatusCode::kNotFound, "DNS_NO_ADDRESS");
}

TEST_F(CaresResolverTest, ServerFailureIsUnavailable) {
  FakeDnsServer::Entry failing;
  failing.code = FakeDnsServer::Code::kServerFailure;
  server_.Set("fails.example.net", failing);
  ExpectError("fails.example.net", absl::StatusCode::kUnavailable, "DNS_SERVER_FAILED");
  failing.code = FakeDnsServer::Code::kRefused;
  server_.Set("refused.example.net", failing);
  ExpectError("refused.example.net", absl::StatusCode::kUnavailable, "DNS_SERVER_FAILED");
}

TEST_F(CaresResolverTest, SilentServerEndsAtTheTimeLimit) {
  CaresResolverOptions options;
  options.timeout = absl::Milliseconds(60);
  resolver_ = MakeResolver(options);
  FakeDnsServer::Entry silent;
  silent.silent = true;
  server_.Set("silent.example.net", silent);
  const Instant start = time_.loop()->Now();
  ExpectError("silent.example.net", absl::StatusCode::kDeadlineExceeded, "DNS_TIMEOUT");
  EXPECT_GE(time_.loop()->Now() - start, options.timeout);
  EXPECT_LT(time_.loop()->Now() - start, absl::Seconds(1));
}

TEST_F(CaresResolverTest, LostQuestionIsAskedAgainAndGivenUpAfterTheSecondRound) {
  CaresResolverOptions options;
  options.try_timeout = absl::Milliseconds(20);
  resolver_ = MakeResolver(options);
  FakeDnsServer::Entry silent;
  silent.silent = true;
  server_.Set("silent.example.net", silent);
  ExpectError("silent.example.net", absl::StatusCode::kDeadlineExceeded, "DNS_TIMEOUT");
  EXPECT_EQ(server_.questions().size(), 4u);  // A and AAAA, twice each
  EXPECT_EQ(resolver_->question_count(), 0u);
}

TEST_F(CaresResolverTest, WhatCannotBeANameIsRefusedWithoutAQuestion) {
  for (const std::string& host :
       {std::string(), std::string("two words"), std::string("new\nline"),
        std::string("good.example.net\0.evil.example.net", 34), std::string(400, 'a')}) {
    ExpectError(host, absl::StatusCode::kNotFound, "DNS_NO_SUCH_NAME");
  }
  EXPECT_TRUE(server_.questions().empty());
}

TEST_F(CaresResolverTest, GivenUpResolutionNeverAnswers) {
  FakeDnsServer::Entry entry;
  entry.ipv4 = {"127.0.0.5"};
  server_.Set("sip.example.net", entry);
  bool answered = false;
  const auto note = [&](const DnsAnswer&) { answered = true; };
  resolver_->Resolve(RecordType::kAddress, "sip.example.net", note).reset();
  resolver_->Resolve(RecordType::kService, "sip.example.net", note).reset();
  resolver_->Resolve(RecordType::kAddress, "192.0.2.7", note).reset();
  ASSERT_TRUE(time_.RunUntil([&] { return resolver_->question_count() == 0; }));
  EXPECT_FALSE(answered);
  EXPECT_EQ(server_.questions().size(), 3u);
}

TEST_F(CaresResolverTest, CallbackMayDestroyItsResolutionAndAskAgain) {
  FakeDnsServer::Entry entry;
  entry.ipv4 = {"127.0.0.5"};
  server_.Set("sip.example.net", entry);
  std::unique_ptr<Resolution> resolution;
  int answers = 0;
  std::function<void(const DnsAnswer&)> again = [&](const DnsAnswer& answer) {
    EXPECT_TRUE(answer.status.ok());
    resolution = nullptr;
    if (++answers < 5)
      resolution = resolver_->Resolve(RecordType::kAddress, "sip.example.net", again);
  };
  resolution = resolver_->Resolve(RecordType::kAddress, "sip.example.net", again);
  EXPECT_TRUE(time_.RunUntil([&] { return answers == 5; }));
}

TEST_F(CaresResolverTest, QuestionsUnderWayAreLimited) {
  CaresResolverOptions options;
  options.max_questions = 4;
  resolver_ = MakeResolver(options);
  FakeDnsServer::Entry silent;
  silent.silent = true;
  server_.Set("silent.example.net", silent);
  auto ignore = [](const DnsAnswer&) {};
  auto first = resolver_->Resolve(RecordType::kAddress, "silent.example.net", ignore);
  auto second = resolver_->Resolve(RecordType::kService, "silent.example.net", ignore);
  EXPECT_EQ(resolver_->question_count(), 3u);
  EXPECT_EQ(Resolve("other.example.net").ttl, absl::ZeroDuration()) << "nobody may keep that";
  ExpectError("other.example.net", absl::StatusCode::kUnavailable, "DNS_SERVER_FAILED");
  EXPECT_EQ(Addresses("192.0.2.7").size(), 1u);
}

TEST_F(CaresResolverTest, DestructionWithQuestionsUnderWayLeavesNothing) {
  FakeDnsServer::Entry silent;
  silent.silent = true;
  server_.Set("silent.example.net", silent);
  bool answered = false;
  auto resolution = resolver_->Resolve(RecordType::kAddress, "silent.example.net",
                                       [&](const DnsAnswer&) { answered = true; });
  ASSERT_TRUE(time_.RunUntil([&] { return server_.questions().size() == 2; }));
  EXPECT_GT(time_.loop()->watch_count(), 2u);
  resolution = nullptr;
  resolver_ = nullptr;
  EXPECT_EQ(time_.loop()->watch_count(), 2u);  // the server's own
  EXPECT_FALSE(answered);
}

TEST_F(CaresResolverTest, GivesServiceAndPointerRecordsWithTheirTime) {
  FakeDnsServer::Entry entry;
  entry.ttl = 33;
  entry.services = {{10, 60, 5070, "a.example.net"}, {20, 0, 5071, ""}};
  entry.pointers = {{1, 2, "s", "SIP+D2T", "_sip._tcp.example.net"}};
  server_.Set("example.net", entry);
  const DnsAnswer services = Resolve("example.net", RecordType::kService);
  EXPECT_TRUE(services.status.ok()) << services.status;
  EXPECT_EQ(services.services, entry.services);
  EXPECT_EQ(services.ttl, absl::Seconds(33));
  EXPECT_EQ(Resolve("example.net", RecordType::kPointer).pointers, entry.pointers);
}

TEST_F(CaresResolverTest, ATtlCountsFromTheShortestOfAliasAndAddress) {
  FakeDnsServer::Entry alias;
  alias.alias = "real.example.net";
  alias.ttl = 20;
  server_.Set("alias.example.net", alias);
  FakeDnsServer::Entry real;
  real.ipv4 = {"127.0.0.5"};
  real.ttl = 300;
  server_.Set("real.example.net", real);
  EXPECT_EQ(Resolve("alias.example.net").ttl, absl::Seconds(20));
  real.ttl = 0;
  server_.Set("real.example.net", real);
  EXPECT_EQ(Resolve("real.example.net").ttl, absl::ZeroDuration());
}

TEST_F(CaresResolverTest, WithoutServiceRecordsItSaysForHowLong) {
  FakeDnsServer::Entry none;
  none.negative_ttl = 12;
  server_.Set("_sip._tcp.example.net", none);
  const DnsAnswer answer = Resolve("_sip._tcp.example.net", RecordType::kService);
  EXPECT_EQ(ReasonOf(answer.status), "DNS_NO_ADDRESS") << answer.status;
  EXPECT_EQ(answer.ttl, absl::Seconds(12));
  ExpectError("none.example.net", absl::StatusCode::kNotFound, "DNS_NO_SUCH_NAME",
              RecordType::kService);
  EXPECT_EQ(Resolve("none.example.net").ttl, CaresResolver::kNegativeTtl);
}

TEST_F(CaresResolverTest, ALoopOfAliasesIsNoAddressAndEnds) {
  FakeDnsServer::Entry one;
  one.alias = "two.example.net";
  server_.Set("one.example.net", one);
  FakeDnsServer::Entry two;
  two.alias = "one.example.net";
  server_.Set("two.example.net", two);
  ExpectError("one.example.net", absl::StatusCode::kNotFound, "DNS_NO_ADDRESS");
  ExpectError("one.example.net", absl::StatusCode::kNotFound, "DNS_NO_ADDRESS",
              RecordType::kService);
}

TEST_F(CaresResolverTest, OfFiveHundredAddressesItGivesTheFirstSome) {
  FakeDnsServer::Entry entry;
  for (int i = 0; i < 500; ++i) {
    entry.ipv4.push_back("127.1." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1));
  }
  server_.Set("crowd.example.net", entry);
  EXPECT_EQ(Addresses("crowd.example.net").size(), CaresResolver::kMaxAddresses);
}

TEST_F(CaresResolverTest, ASilentFamilyCostsTheOtherAMomentOnly) {
  CaresResolverOptions options;
  options.timeout = absl::Hours(1);  // the family's delay ends it, or nothing
  resolver_ = MakeResolver(options);
  FakeDnsServer::Entry entry;
  entry.ipv4 = {"127.0.0.5"};
  entry.silent_on_ipv6 = true;
  server_.Set("half.example.net", entry);
  EXPECT_EQ(Addresses("half.example.net"), std::vector<std::string>{"127.0.0.5"});
}

TEST_F(CaresResolverTest, AServerThatComesBackIsBelieved) {
  FakeDnsServer::Entry flapping;
  flapping.ipv4 = {"127.0.0.5"};
  for (int i = 0; i < 3; ++i) {
    flapping.code = FakeDnsServer::Code::kServerFailure;
    server_.Set("flaps.example.net", flapping);
    ExpectError("flaps.example.net", absl::StatusCode::kUnavailable, "DNS_SERVER_FAILED");
    flapping.code = FakeDnsServer::Code::kNoError;
    server_.Set("flaps.example.net", flapping);
    EXPECT_EQ(Addresses("flaps.example.net"), std::vector<std::string>{"127.0.0.5"});
  }
}

TEST_F(CaresResolverTest, BadServerListIsRefusedAndQuoted) {
  CaresResolverOptions options;
  options.servers = "not an address";
  const auto refused = CaresResolver::Create(time_.loop(), options);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(refused.status().message(), "\"not an address\""));
}

}  // namespace
}  // namespace sipcm::net
