#include "core/sip/via.h"

#include "gtest/gtest.h"

namespace sipcm::sip {
namespace {

TEST(ViaTest, GivesEveryPart) {
  Via via;
  ASSERT_EQ(ParseVia("SIP/2.0/TLS edge.example.net:5061;branch=z9hG4bKx;rport;alias", &via), "");
  EXPECT_EQ(via.version, "2.0");
  EXPECT_EQ(via.transport, "TLS");
  EXPECT_EQ(via.host, "edge.example.net");
  EXPECT_EQ(via.port, 5061);
  EXPECT_EQ(via.branch, "z9hG4bKx");
  EXPECT_TRUE(via.has_rport);
  EXPECT_EQ(via.rport, 0);
  EXPECT_EQ(via.received, "");
  EXPECT_EQ(via.parameters, ";branch=z9hG4bKx;rport;alias");
  EXPECT_EQ(via.element, "SIP/2.0/TLS edge.example.net:5061;branch=z9hG4bKx;rport;alias");
}

TEST(ViaTest, PortAndParametersMayBeMissing) {
  Via via;
  ASSERT_EQ(ParseVia("SIP/2.0/UDP 192.0.2.5", &via), "");
  EXPECT_EQ(via.host, "192.0.2.5");
  EXPECT_EQ(via.port, 0);
  EXPECT_EQ(via.branch, "");
  EXPECT_FALSE(via.has_rport);
}

TEST(ViaTest, WhitespaceMayStandAroundEverySeparator) {
  Via via;
  ASSERT_EQ(
      ParseVia(" SIP  /   2.0\r\n /UDP\r\n    h.example  :\t5070 ; branch\r\n = z9hG4bKa ", &via),
      "");
  EXPECT_EQ(via.transport, "UDP");
  EXPECT_EQ(via.host, "h.example");
  EXPECT_EQ(via.port, 5070);
  EXPECT_EQ(via.branch, "z9hG4bKa");
}

TEST(ViaTest, Ipv6ReferencesLoseTheirBrackets) {
  Via via;
  ASSERT_EQ(ParseVia("SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKa", &via), "");
  EXPECT_EQ(via.host, "2001:db8::9:1");
  EXPECT_EQ(via.port, 6050);
}

TEST(ViaTest, ReceivedMayHaveBracketsOrNot) {
  Via via;
  ASSERT_EQ(ParseVia("SIP/2.0/UDP h;received=[2001:db8::9:255];branch=z9hG4bKa", &via), "");
  EXPECT_EQ(via.received, "2001:db8::9:255");
  ASSERT_EQ(ParseVia("SIP/2.0/UDP h;received=2001:db8::9:255;rport=7", &via), "");
  EXPECT_EQ(via.received, "2001:db8::9:255");
  EXPECT_EQ(via.rport, 7);
}

TEST(ViaTest, TheFirstOfAListIsReadAlone) {
  Via via;
  ASSERT_EQ(ParseFirstVia("SIP/2.0/TCP a;branch=z9hG4bK1 , SIP/2.0/TCP b,,", &via), "");
  EXPECT_EQ(via.host, "a");
  EXPECT_EQ(via.element, "SIP/2.0/TCP a;branch=z9hG4bK1");
  EXPECT_NE(ParseVia("SIP/2.0/TCP a, SIP/2.0/TCP b", &via), "");
}

TEST(ViaTest, MalformedOnesAreRefused) {
  for (const char* text : {
           "",
           "SIP",
           "SIP/2.0",
           "SIP/2.0/TCP",
           "SIP/2.0/TCP ",
           "SIP/2.0 TCP h",
           "/2.0/TCP h",
           "SIP//TCP h",
           "SIP/2.0/ h",
           "SIP/2.0/TCPh",
           "SIP/2.0/TCP h:",
           "SIP/2.0/TCP h:0",
           "SIP/2.0/TCP h:65536",
           "SIP/2.0/TCP h:4294972356",
           "SIP/2.0/TCP h:-1",
           "SIP/2.0/TCP h x",
           "SIP/2.0/TCP [::1",
           "SIP/2.0/TCP []",
           "SIP/2.0/TCP [::1]x",
           "SIP/2.0/TCP h;",
           "SIP/2.0/TCP h;;branch=a",
           "SIP/2.0/TCP h;branch",
           "SIP/2.0/TCP h;branch=",
           "SIP/2.0/TCP h;branch=a;branch=b",
           "SIP/2.0/TCP h;received",
           "SIP/2.0/TCP h;rport=x",
           "SIP/2.0/TCP h;rport=65536",
           "SIP/2.0/TCP h;rport;rport=5",
           "SIP/2.0/TCP h;received=1.1.1.1;received=2.2.2.2",
           "SIP/2.0/TCP h;x=\"open",
           "SIP/2.0/UDP 192.0.2.15;;,;,,",
       }) {
    Via via;
    EXPECT_NE(ParseVia(text, &via), "") << text;
  }
}

TEST(ViaTest, TheBareCookieIsNoTransactionKey) {
  Via via;
  ASSERT_EQ(ParseVia("SIP/2.0/UDP h;branch=z9hG4bK", &via), "");
  EXPECT_FALSE(via.has_unique_branch());
  ASSERT_EQ(ParseVia("SIP/2.0/UDP h;branch=z9hG4bKa", &via), "");
  EXPECT_TRUE(via.has_unique_branch());
  ASSERT_EQ(ParseVia("SIP/2.0/UDP h;branch=390skdjuw", &via), "");
  EXPECT_FALSE(via.has_unique_branch());
}

}  // namespace
}  // namespace sipcm::sip
