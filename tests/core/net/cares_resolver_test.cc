#include "core/net/cares_resolver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "core/base/error.h"
#include "core/net/address.h"
#include "core/net/resolver.h"
#include "tests/conformance/real_time.h"
#include "tests/fakes/fake_dns_server.h"

namespace sipcm::net {
namespace {

using fakes::FakeDnsServer;
using Answer = absl::StatusOr<std::vector<IpAddress>>;

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
  Answer Resolve(const std::string& host) {
    std::optional<Answer> answer;
    auto resolution = resolver_->Resolve(host, [&](Answer result) { answer = std::move(result); });
    EXPECT_FALSE(answer.has_value()) << "answered from inside Resolve()";
    EXPECT_TRUE(time_.RunUntil([&] { return answer.has_value(); }));
    return answer.has_value() ? *std::move(answer) : Answer(absl::UnknownError("no answer"));
  }
  // As text, in order.
  std::vector<std::string> Addresses(const std::string& host) {
    std::vector<std::string> texts;
    const Answer answer = Resolve(host);
    EXPECT_TRUE(answer.ok()) << answer.status();
    if (!answer.ok()) return texts;
    for (const IpAddress& ip : *answer) texts.push_back(ip.ToString());
    return texts;
  }
  void ExpectError(const std::string& host, absl::StatusCode code, const std::string& reason) {
    const absl::Status status = Resolve(host).status();
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
  const Answer answer = Resolve("localhost");
  ASSERT_TRUE(answer.ok()) << answer.status();
  for (const IpAddress& ip : *answer) EXPECT_TRUE(ip.is_loopback()) << ip.ToString();
  EXPECT_TRUE(server_.questions().empty());
}

TEST_F(CaresResolverTest, GivesTheAddressesOfBothFamilies) {
  FakeDnsServer::Entry entry;
  entry.ipv4 = {"127.0.0.5", "127.0.0.6"};
  entry.ipv6 = {"::1"};
  server_.Set("sip.example.net", entry);
  std::vector<std::string> addresses = Addresses("SIP.example.net");
  EXPECT_EQ(addresses.size(), 3u);
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
      absl::StrContains(Resolve("none.example.net").status().message(), "\"none.example.net\""));
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
  resolver_->Resolve("sip.example.net", [&](Answer) { answered = true; }).reset();
  resolver_->Resolve("192.0.2.7", [&](Answer) { answered = true; }).reset();
  ASSERT_TRUE(time_.RunUntil([&] { return resolver_->question_count() == 0; }));
  EXPECT_FALSE(answered);
  EXPECT_EQ(server_.questions().size(), 2u);
}

TEST_F(CaresResolverTest, CallbackMayDestroyItsResolutionAndAskAgain) {
  FakeDnsServer::Entry entry;
  entry.ipv4 = {"127.0.0.5"};
  server_.Set("sip.example.net", entry);
  std::unique_ptr<Resolution> resolution;
  int answers = 0;
  std::function<void(Answer)> again = [&](Answer answer) {
    EXPECT_TRUE(answer.ok());
    resolution = nullptr;
    if (++answers < 5) resolution = resolver_->Resolve("sip.example.net", again);
  };
  resolution = resolver_->Resolve("sip.example.net", again);
  EXPECT_TRUE(time_.RunUntil([&] { return answers == 5; }));
}

TEST_F(CaresResolverTest, QuestionsUnderWayAreLimited) {
  CaresResolverOptions options;
  options.max_questions = 2;
  resolver_ = MakeResolver(options);
  FakeDnsServer::Entry silent;
  silent.silent = true;
  server_.Set("silent.example.net", silent);
  auto ignore = [](Answer) {};
  auto first = resolver_->Resolve("silent.example.net", ignore);
  auto second = resolver_->Resolve("silent.example.net", ignore);
  ExpectError("other.example.net", absl::StatusCode::kUnavailable, "DNS_SERVER_FAILED");
  EXPECT_EQ(Addresses("192.0.2.7").size(), 1u);
}

TEST_F(CaresResolverTest, DestructionWithQuestionsUnderWayLeavesNothing) {
  FakeDnsServer::Entry silent;
  silent.silent = true;
  server_.Set("silent.example.net", silent);
  bool answered = false;
  auto resolution = resolver_->Resolve("silent.example.net", [&](Answer) { answered = true; });
  ASSERT_TRUE(time_.RunUntil([&] { return server_.questions().size() == 2; }));
  EXPECT_GT(time_.loop()->watch_count(), 1u);
  resolution = nullptr;
  resolver_ = nullptr;
  EXPECT_EQ(time_.loop()->watch_count(), 1u);  // the server's own
  EXPECT_FALSE(answered);
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
