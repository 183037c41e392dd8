#include "server/config/flags.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"

namespace sipcm::server {
namespace {

absl::StatusOr<Flags> Parse(std::vector<const char*> arguments, int cores = 4) {
  arguments.insert(arguments.begin(), "sipcm-server");
  return ParseFlags(static_cast<int>(arguments.size()), arguments.data(), cores);
}

TEST(FlagsTest, WithoutAnyTheDefaultsHold) {
  const auto flags = Parse({});
  ASSERT_TRUE(flags.ok()) << flags.status();
  EXPECT_EQ(flags->grpc_address, "127.0.0.1:50061");
  EXPECT_EQ(flags->admin_address.ToString(), "127.0.0.1:9061");
  EXPECT_EQ(flags->workers, 4);
  EXPECT_EQ(flags->log_format, LogFormat::kText);
  EXPECT_EQ(flags->drain_timeout, absl::Seconds(30));
}

TEST(FlagsTest, BothSpellingsOfAValueAreTaken) {
  const auto flags =
      Parse({"--workers=2", "--log_format", "json", "--drain_timeout=2m",
             "--grpc_address=unix:/run/sipcm.sock", "--admin_address=[::1]:0", "--log_level=error",
             "--config=a.json", "--dns_servers=192.0.2.53,[2001:db8::53]:5353,2001:db8::54"});
  ASSERT_TRUE(flags.ok()) << flags.status();
  EXPECT_EQ(flags->workers, 2);
  EXPECT_EQ(flags->log_format, LogFormat::kJson);
  EXPECT_EQ(flags->log_level, LogLevel::kError);
  EXPECT_EQ(flags->drain_timeout, absl::Minutes(2));
  EXPECT_EQ(flags->grpc_address, "unix:/run/sipcm.sock");
  EXPECT_EQ(flags->admin_address.ToString(), "[::1]:0");
  EXPECT_EQ(flags->config_file, "a.json");
  EXPECT_EQ(flags->dns_servers, "192.0.2.53,[2001:db8::53]:5353,2001:db8::54");
}

TEST(FlagsTest, MoreCoresThanWorkersAreAllowedForDoNotCount) {
  EXPECT_EQ(Parse({}, 128)->workers, 64);
  EXPECT_EQ(Parse({}, 0)->workers, 1);
}

struct Refusal {
  const char* argument;
  const char* named;
};
class RefusedFlagsTest : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedFlagsTest, AreOneLineThatNamesTheFlag) {
  const auto flags = Parse({GetParam().argument});
  ASSERT_FALSE(flags.ok());
  EXPECT_EQ(flags.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(flags.status().message(), GetParam().named)) << flags.status();
  EXPECT_FALSE(absl::StrContains(flags.status().message(), "\n")) << flags.status();
}

INSTANTIATE_TEST_SUITE_P(
    , RefusedFlagsTest,
    testing::Values(Refusal{"--no_such_flag", "--no_such_flag"},
                    Refusal{"--workers=65", "--workers"}, Refusal{"--workers=0", "--workers"},
                    Refusal{"--workers=-1", "--workers"}, Refusal{"--workers=many", "--workers"},
                    Refusal{"--grpc_address=nowhere", "--grpc_address"},
                    Refusal{"--grpc_address=unix:", "--grpc_address"},
                    Refusal{"--grpc_address=127.0.0.1", "--grpc_address"},
                    Refusal{"--admin_address=127.0.0.1:99999", "--admin_address"},
                    Refusal{"--log_format=xml", "--log_format"},
                    Refusal{"--log_level=loud", "--log_level"},
                    Refusal{"--drain_timeout=soon", "--drain_timeout"},
                    Refusal{"--drain_timeout=-1s", "--drain_timeout"},
                    Refusal{"--drain_timeout=25h", "--drain_timeout"},
                    Refusal{"--dns_servers=dns.example.com", "--dns_servers"},
                    Refusal{"--dns_servers=192.0.2.1,", "--dns_servers"},
                    Refusal{"--dns_servers=192.0.2.1:99999", "--dns_servers"},
                    Refusal{"--config", "--config"}, Refusal{"stray", "stray"}));

TEST(FlagsTest, ASocketsPathHasToFitTheSystem) {
  const std::string longest = "--grpc_address=unix:/" + std::string(106, 'x');
  EXPECT_TRUE(Parse({longest.c_str()}).ok());
  EXPECT_FALSE(Parse({(longest + "x").c_str()}).ok());
}

TEST(FlagsTest, HelpAndVersionArePrinted) {
  EXPECT_TRUE(absl::StrContains(Parse({"--help"})->print_and_exit, "--drain_timeout"));
  EXPECT_TRUE(absl::StartsWith(Parse({"--version"})->print_and_exit, "sipcm-server 0."));
}

}  // namespace
}  // namespace sipcm::server
