#include "core/pool/destination.h"

#include <string>

#include "absl/hash/hash_testing.h"
#include "core/base/error.h"
#include "gtest/gtest.h"

namespace sipcm::pool {
namespace {

using connection::Transport;

Destination Raw(std::string host, uint16_t port = 0, Transport transport = Transport::kTcp,
                std::string tls_name = "") {
  Destination raw;
  raw.host = std::move(host);
  raw.port = port;
  raw.transport = transport;
  raw.tls_name = std::move(tls_name);
  return raw;
}

Destination Normal(Destination raw) {
  absl::StatusOr<Destination> normalized = Destination::Normalized(std::move(raw));
  EXPECT_TRUE(normalized.ok()) << normalized.status();
  return normalized.ok() ? *normalized : Destination();
}

void ExpectRefused(Destination raw, const std::string& field) {
  const absl::StatusOr<Destination> normalized = Destination::Normalized(raw);
  ASSERT_FALSE(normalized.ok()) << raw.host;
  EXPECT_EQ(normalized.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(normalized.status()), field) << normalized.status();
}

TEST(DestinationTest, PortZeroBecomesTheTransportsOwn) {
  EXPECT_EQ(Normal(Raw("a.example")).port, 5060);
  EXPECT_EQ(Normal(Raw("a.example", 0, Transport::kTls)).port, 5061);
  EXPECT_EQ(Normal(Raw("a.example", 7000, Transport::kTls)).port, 7000);
}

TEST(DestinationTest, ANameAloneIsAServiceAndNotTheNameWithItsUsualPort) {
  const Destination alone = Normal(Raw("a.example"));
  EXPECT_EQ(alone.location, Destination::Location::kService);
  EXPECT_EQ(Normal(Raw("a.example", 5060)).location, Destination::Location::kAddress);
  EXPECT_NE(alone, Normal(Raw("a.example", 5060)));
  EXPECT_EQ(Normal(alone), alone);
}

TEST(DestinationTest, ALiteralAddressAloneIsTheAddressWithItsUsualPort) {
  EXPECT_EQ(Normal(Raw("192.0.2.7")), Normal(Raw("192.0.2.7", 5060)));
  EXPECT_EQ(Normal(Raw("::1", 0, Transport::kTls)), Normal(Raw("::1", 5061, Transport::kTls)));
}

TEST(DestinationTest, HostsCompareWithoutCaseAndTrailingDot) {
  EXPECT_EQ(Normal(Raw("Sip.EXAMPLE.com.", 5060)), Normal(Raw("sip.example.com", 5060)));
  EXPECT_EQ(Normal(Raw("Sip.EXAMPLE.com.")).host, "sip.example.com");
}

TEST(DestinationTest, TwoNamesOfOneAddressAreTwoDestinations) {
  EXPECT_NE(Normal(Raw("localhost")), Normal(Raw("127.0.0.1")));
}

TEST(DestinationTest, LiteralAddressesHaveOneSpelling) {
  EXPECT_EQ(Normal(Raw("[2001:DB8:0::1]")).host, "2001:db8::1");
  EXPECT_EQ(Normal(Raw("2001:db8::1")), Normal(Raw("[2001:db8::0:1]")));
  EXPECT_EQ(Normal(Raw("192.0.2.7")).host, "192.0.2.7");
}

TEST(DestinationTest, TransportTlsNameAndLocalAddressArePartOfTheKey) {
  const Destination tcp = Normal(Raw("a.example", 5061));
  const Destination tls = Normal(Raw("a.example", 5061, Transport::kTls));
  const Destination named = Normal(Raw("a.example", 5061, Transport::kTls, "b.example"));
  Destination bound = tls;
  bound.local_address = *net::IpAddress::Parse("192.0.2.1");
  Destination bound_any = tls;
  bound_any.local_address = net::IpAddress();
  EXPECT_NE(tcp, tls);
  EXPECT_NE(tls, named);
  EXPECT_NE(tls, bound);
  EXPECT_NE(tls, bound_any);
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly({tcp, tls, named, bound, bound_any}));
}

TEST(DestinationTest, ATlsNameThatSaysNothingNewIsDropped) {
  EXPECT_EQ(Normal(Raw("a.example", 0, Transport::kTls, "A.example.")).tls_name, "");
  EXPECT_EQ(Normal(Raw("a.example", 0, Transport::kTcp, "b.example")).tls_name, "");
  EXPECT_EQ(Normal(Raw("10.0.0.7", 0, Transport::kTls, "B.example")).tls_name, "b.example");
}

TEST(DestinationTest, HostsThatNoResolverKnowsAreRefusedByField) {
  for (const std::string host : {"", ".", "a..b", ".a", "a b", "a/b", "a:5060", "*.example.com",
                                 "[::1", "1.2.3", "256.1.1.1", "fe80::1%eth0",
                                 "b\xc3\xbc"
                                 "cher.example",
                                 "a;b", "a\n"}) {
    ExpectRefused(Raw(host), "host");
  }
  ExpectRefused(Raw(std::string("a\0b", 3)), "host");
  ExpectRefused(Raw(std::string(64, 'a') + ".example"), "host");
  ExpectRefused(Raw("a.example", 0, Transport::kTls, "b example"), "tls_name");
}

TEST(DestinationTest, AHostMayHave255BytesAndNotOneMore) {
  std::string host;
  while (host.size() < 250) host += "aaaaaaaa.";
  host.resize(255, 'a');
  EXPECT_EQ(Normal(Raw(host)).host, host);
  ExpectRefused(Raw(host + "a"), "host");
}

TEST(DestinationTest, PoolIdsReadBack) {
  EXPECT_EQ(Normal(Raw("example.com", 5060)).PoolId(), "tcp:example.com:5060");
  EXPECT_EQ(Normal(Raw("example.com")).PoolId(), "tcp:example.com:5060;srv");
  EXPECT_EQ(Normal(Raw("example.com", 0, Transport::kTls, "b.example")).PoolId(),
            "tls:example.com:5061;srv;tls_name=b.example");
  EXPECT_EQ(Normal(Raw("[2001:db8::1]", 0, Transport::kTls)).PoolId(), "tls:[2001:db8::1]:5061");
  Destination full = Normal(Raw("10.0.0.7", 0, Transport::kTls, "edge.example.com"));
  full.local_address = *net::IpAddress::Parse("2001:db8::9");
  EXPECT_EQ(full.PoolId(), "tls:10.0.0.7:5061;tls_name=edge.example.com;local=2001:db8::9");
  for (const Destination& destination :
       {Normal(Raw("example.com")), Normal(Raw("example.com", 5060)),
        Normal(Raw("example.com", 0, Transport::kTls, "b.example")),
        Normal(Raw("[2001:db8::1]", 0, Transport::kTls)), full}) {
    const absl::StatusOr<Destination> parsed = Destination::ParsePoolId(destination.PoolId());
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, destination);
  }
}

TEST(DestinationTest, OnlyTheOneSpellingIsAPoolId) {
  for (const std::string id : {"",
                               "tcp",
                               "tcp:",
                               "tcp:a",
                               "tcp:a:",
                               "tcp::5060",
                               "udp:a:5060",
                               "TCP:a:5060",
                               "tcp:A:5060",
                               "tcp:a.:5060",
                               "tcp:a:0",
                               "tcp:a:05060",
                               "tcp:a:65536",
                               "tcp:a:5060 ",
                               "tcp:2001:db8::1:5060",
                               "tcp:[2001:DB8::1]:5060",
                               "tcp:a:5060;",
                               "tcp:a:5060;x=y",
                               "tcp:a:5070;srv",
                               "tcp:192.0.2.7:5060;srv",
                               "tcp:a:5060;srv;srv",
                               "tcp:a:5060;tls_name=b",
                               "tls:a:5061;tls_name=",
                               "tls:a:5061;tls_name=a",
                               "tls:a:5061;local=x",
                               "tls:a:5061;local=192.0.2.1;tls_name=b"}) {
    const absl::StatusOr<Destination> parsed = Destination::ParsePoolId(id);
    ASSERT_FALSE(parsed.ok()) << id;
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(parsed.status()), "INVALID_NAME");
  }
}

}  // namespace
}  // namespace sipcm::pool
