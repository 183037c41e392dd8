#include "clients/cli/address_text.h"

#include <gtest/gtest.h>

#include <string>

namespace sipcm::cli {
namespace {

TEST(HostAndPortTest, NamesAndIpv4AddressesMayHaveAPort) {
  HostAndPort parsed;
  EXPECT_EQ(ParseHostAndPort("sip.example.com:5061", parsed), "");
  EXPECT_EQ(parsed.host, "sip.example.com");
  EXPECT_EQ(parsed.port, 5061);
  EXPECT_EQ(ParseHostAndPort("127.0.0.1", parsed), "");
  EXPECT_EQ(parsed.host, "127.0.0.1");
  EXPECT_EQ(parsed.port, 0);
}

TEST(HostAndPortTest, Ipv6AddressesStandInBrackets) {
  HostAndPort parsed;
  EXPECT_EQ(ParseHostAndPort("[::1]:5060", parsed), "");
  EXPECT_EQ(parsed.host, "::1");
  EXPECT_EQ(parsed.port, 5060);
  EXPECT_EQ(ParseHostAndPort("[2001:db8::1]", parsed), "");
  EXPECT_EQ(parsed.port, 0);
}

TEST(HostAndPortTest, SaysWhatIsWrong) {
  HostAndPort parsed;
  EXPECT_EQ(ParseHostAndPort("::1:5060", parsed),
            "\"::1:5060\": write IPv6 addresses as [address]:port");
  EXPECT_EQ(ParseHostAndPort("[::1:5060", parsed), "\"[::1:5060\" lacks the closing ]");
  EXPECT_EQ(ParseHostAndPort("[::1]5060", parsed), "\"[::1]5060\" is not [address]:port");
  EXPECT_EQ(ParseHostAndPort(":5060", parsed), "\":5060\" has no host");
  for (const char* text : {"host:65536", "host:-1", "host:x", "host:"}) {
    EXPECT_EQ(ParseHostAndPort(text, parsed),
              "\"" + std::string(text) + "\": a port is 0 to 65535");
  }
}

}  // namespace
}  // namespace sipcm::cli
