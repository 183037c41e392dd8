#include "core/net/address.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "core/base/error.h"

namespace sipcm::net {
namespace {

TEST(IpAddressTest, ParsesIpv4AndIpv6AndTellsThemInTheirShortForm) {
  struct Case {
    std::string text, string, uri_host;
  };
  for (const Case& c : {
           Case{"192.0.2.7", "192.0.2.7", "192.0.2.7"},
           Case{"0.0.0.0", "0.0.0.0", "0.0.0.0"},
           Case{"2001:db8::1", "2001:db8::1", "[2001:db8::1]"},
           Case{"[2001:db8::1]", "2001:db8::1", "[2001:db8::1]"},
           Case{"2001:0DB8:0:0:0:0:0:0001", "2001:db8::1", "[2001:db8::1]"},
           Case{"::", "::", "[::]"},
           Case{"::ffff:192.0.2.7", "::ffff:192.0.2.7", "[::ffff:192.0.2.7]"},
       }) {
    absl::StatusOr<IpAddress> ip = IpAddress::Parse(c.text);
    ASSERT_TRUE(ip.ok()) << c.text << ": " << ip.status();
    EXPECT_EQ(ip->ToString(), c.string);
    EXPECT_EQ(ip->ToUriHost(), c.uri_host);
    EXPECT_EQ(*IpAddress::Parse(ip->ToUriHost()), *ip);
  }
}

TEST(IpAddressTest, RefusesWhatIsNotALiteralAddress) {
  for (const std::string& text :
       {std::string(), std::string("example.com"), std::string("192.0.2"),
        std::string("192.0.2.256"), std::string("192.0.2.07"), std::string("0x7f.0.0.1"),
        std::string("127.1"), std::string("[192.0.2.7]"), std::string("fe80::1%eth0"),
        std::string("[::1"), std::string("::1]"), std::string("[]"), std::string(":::"),
        std::string("192.0.2.7 "), std::string(" ::1"), std::string("192.0.2.7\0.example.com", 21),
        std::string(10'000, '1')}) {
    absl::StatusOr<IpAddress> ip = IpAddress::Parse(text);
    EXPECT_FALSE(ip.ok()) << text;
    EXPECT_EQ(ip.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(ip.status()), "INVALID_FIELD");
    EXPECT_LT(ip.status().message().size(), 600u);
  }
}

TEST(IpAddressTest, MessageQuotesTheTextEscaped) {
  const absl::Status status = IpAddress::Parse("evil\r\n\x1b[31m").status();
  EXPECT_TRUE(absl::StrContains(status.message(), "\"evil\\r\\n\\x1b[31m\"")) << status.message();
}

TEST(IpAddressTest, KnowsAnyAndLoopback) {
  EXPECT_TRUE(IpAddress::Parse("0.0.0.0")->is_any());
  EXPECT_TRUE(IpAddress::Parse("::")->is_any());
  EXPECT_FALSE(IpAddress::Parse("::1")->is_any());
  EXPECT_TRUE(IpAddress::Parse("127.0.0.1")->is_loopback());
  EXPECT_TRUE(IpAddress::Parse("127.8.9.1")->is_loopback());
  EXPECT_TRUE(IpAddress::Parse("::1")->is_loopback());
  EXPECT_FALSE(IpAddress::Parse("128.0.0.1")->is_loopback());
  EXPECT_FALSE(IpAddress::Parse("1::1")->is_loopback());
  EXPECT_FALSE(IpAddress::Parse("0.0.0.0")->is_loopback());
}

TEST(IpAddressTest, ComparesAndHashesByContentAndFamily) {
  absl::flat_hash_set<IpAddress> addresses;
  for (const char* text : {"0.0.0.0", "::", "192.0.2.7", "::1", "192.0.2.7", "[::1]"}) {
    addresses.insert(*IpAddress::Parse(text));
  }
  EXPECT_EQ(addresses.size(), 4u);
  EXPECT_LT(*IpAddress::Parse("192.0.2.7"), *IpAddress::Parse("192.0.2.8"));
}

TEST(IpAddressTest, BytesAreInNetworkOrderAndMakeTheSameAddress) {
  const IpAddress ip = *IpAddress::Parse("192.0.2.7");
  ASSERT_EQ(ip.size(), 4u);
  EXPECT_EQ(ip.bytes()[0], 192);
  EXPECT_EQ(ip.bytes()[3], 7);
  EXPECT_EQ(IpAddress::FromBytes(AddressFamily::kIpv4, ip.bytes()), ip);
}

TEST(SocketAddressTest, ParsesAndTellsBothFamilies) {
  for (const char* text : {"192.0.2.7:5060", "[2001:db8::1]:5061", "0.0.0.0:0", "[::]:65535"}) {
    absl::StatusOr<SocketAddress> address = SocketAddress::Parse(text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->ToString(), text);
  }
  EXPECT_EQ(SocketAddress::Parse("192.0.2.7:5060")->port, 5060);
}

TEST(SocketAddressTest, RefusesAMissingOrBadPortAndIpv6WithoutBrackets) {
  for (const char* text :
       {"", "192.0.2.7", "192.0.2.7:", ":5060", "192.0.2.7:65536", "192.0.2.7:-1", "192.0.2.7:+5",
        "192.0.2.7: 5", "192.0.2.7:5060x", "2001:db8::1:5060", "[2001:db8::1]", "[2001:db8::1]5060",
        "example.com:5060", "192.0.2.7:99999999999999999999"}) {
    EXPECT_EQ(SocketAddress::Parse(text).status().code(), absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(SocketAddressTest, IsSmall) { EXPECT_LE(sizeof(SocketAddress), 20u); }

}  // namespace
}  // namespace sipcm::net
