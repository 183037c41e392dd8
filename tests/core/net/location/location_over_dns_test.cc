// The search on the real resolver, with a DNS server of the test's own (reliability.md 35).

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "core/base/error.h"
#include "core/base/random_source.h"
#include "core/net/dns/caching_resolver.h"
#include "core/net/dns/cares_resolver.h"
#include "core/net/location/location_search.h"
#include "tests/conformance/real_time.h"
#include "tests/fakes/dns/fake_dns_server.h"

namespace sipcm::net {
namespace {

using fakes::FakeDnsServer;

class LocationOverDnsTest : public testing::Test {
 protected:
  LocationOverDnsTest() {
    CaresResolverOptions options;
    options.servers = server_.address();
    options.timeout = absl::Milliseconds(300);  // nothing here waits for it but silence
    source_ = *CaresResolver::Create(time_.loop(), options);
    resolver_ = std::make_unique<CachingResolver>(time_.loop(), source_.get());
  }

  // "192.0.2.1:5060 [2001:db8::1]:5070", or the reason of the error.
  std::string Locate(const std::string& host) {
    std::optional<absl::StatusOr<std::vector<ServiceTarget>>> result;
    LocationSearch search(
        time_.loop(), resolver_.get(), &random_,
        ServiceQuery{host, 5060, ServiceQuery::Service::kSip, ServiceQuery::Steps::kService},
        [&](absl::StatusOr<std::vector<ServiceTarget>> told) { result = std::move(told); });
    EXPECT_TRUE(time_.RunUntil([&] { return result.has_value(); }));
    if (!result->ok()) return ReasonOf(result->status());
    std::vector<std::string> texts;
    for (const ServiceTarget& target : **result) texts.push_back(target.address.ToString());
    return absl::StrJoin(texts, " ");
  }
  void SetService(const std::string& domain, std::vector<ServiceRecord> services) {
    FakeDnsServer::Entry entry;
    entry.services = std::move(services);
    server_.Set("_sip._tcp." + domain, entry);
  }

  conformance::RealTime time_;
  FakeDnsServer server_{time_.loop()};
  SeededRandomSource random_{1};
  std::unique_ptr<CaresResolver> source_;
  std::unique_ptr<CachingResolver> resolver_;
};

TEST_F(LocationOverDnsTest, PointerServiceAliasAndAddressesOfBothFamilies) {
  FakeDnsServer::Entry domain;
  domain.pointers = {{1, 1, "s", "SIP+D2T", "_sip._tcp.carrier.example"}};
  server_.Set("example.net", domain);
  SetService("carrier.example", {{10, 1, 5070, "alias.carrier.example"}});
  FakeDnsServer::Entry alias;
  alias.alias = "real.carrier.example";
  server_.Set("alias.carrier.example", alias);
  FakeDnsServer::Entry real;
  real.ipv4 = {"127.0.0.5", "127.0.0.6"};
  real.ipv6 = {"::1"};
  server_.Set("real.carrier.example", real);
  EXPECT_EQ(Locate("example.net"), "[::1]:5070 127.0.0.5:5070 127.0.0.6:5070");
  const size_t asked = server_.questions().size();
  EXPECT_EQ(Locate("example.net"), "[::1]:5070 127.0.0.5:5070 127.0.0.6:5070");
  EXPECT_EQ(server_.questions().size(), asked) << "all of it is kept";
}

TEST_F(LocationOverDnsTest, IPv6Only) {
  FakeDnsServer::Entry six;
  six.ipv6 = {"::1"};
  server_.Set("six.example.net", six);
  SetService("example.net", {{1, 1, 5070, "six.example.net"}});
  EXPECT_EQ(Locate("example.net"), "[::1]:5070");
}

TEST_F(LocationOverDnsTest, FiveHundredAddressesAreBounded) {
  FakeDnsServer::Entry crowd;
  for (int i = 0; i < 500; ++i) {
    crowd.ipv4.push_back(absl::StrCat("127.1.", i / 250, ".", i % 250 + 1));
  }
  server_.Set("crowd.example.net", crowd);
  SetService("example.net", {{1, 1, 5070, "crowd.example.net"}});
  const std::vector<std::string> targets = absl::StrSplit(Locate("example.net"), ' ');
  EXPECT_EQ(targets.size(), LocationSearch::kMaxAddressesPerHost);
}

TEST_F(LocationOverDnsTest, EachFailureIsToldByItsName) {
  FakeDnsServer::Entry entry;
  entry.alias = "loop.example.net";
  server_.Set("loop.example.net", entry);
  EXPECT_EQ(Locate("loop.example.net"), "DNS_NO_ADDRESS");
  EXPECT_EQ(Locate("none.example.net"), "DNS_NO_SUCH_NAME");
  entry = FakeDnsServer::Entry();
  entry.code = FakeDnsServer::Code::kServerFailure;
  server_.Set("fails.example.net", entry);
  EXPECT_EQ(Locate("fails.example.net"), "DNS_SERVER_FAILED");
  entry = FakeDnsServer::Entry();
  entry.silent = true;
  server_.Set("silent.example.net", entry);
  EXPECT_EQ(Locate("silent.example.net"), "DNS_TIMEOUT");
}

}  // namespace
}  // namespace sipcm::net
