#include "core/sip/uri.h"

#include <string>

#include "gtest/gtest.h"

namespace sipcm::sip {
namespace {

UriView Parsed(absl::string_view text) {
  const UriView uri = ParseUri(text);
  EXPECT_EQ(uri.fault, "") << text;
  return uri;
}

TEST(UriTest, GivesEveryPart) {
  const UriView uri = Parsed("sips:bob:secret@example.com:5070;transport=tcp;lr?Subject=x&a=b");
  EXPECT_EQ(uri.scheme, UriScheme::kSips);
  EXPECT_EQ(uri.user, "bob");
  EXPECT_EQ(uri.password, "secret");
  EXPECT_EQ(uri.host, "example.com");
  EXPECT_EQ(uri.host_kind, HostKind::kName);
  EXPECT_EQ(uri.port, 5070);
  EXPECT_EQ(uri.parameters, ";transport=tcp;lr");
  EXPECT_TRUE(uri.has_headers);
  EXPECT_EQ(uri.headers, "Subject=x&a=b");
  Parameter parameter;
  ASSERT_TRUE(uri.FindParameter("Transport", &parameter));
  EXPECT_EQ(parameter.value, "tcp");
}

TEST(UriTest, UserAndPortMayBeMissing) {
  const UriView uri = Parsed("SIP:example.com");
  EXPECT_EQ(uri.scheme, UriScheme::kSip);
  EXPECT_FALSE(uri.has_user);
  EXPECT_EQ(uri.host, "example.com");
  EXPECT_EQ(uri.port, 0);
  EXPECT_FALSE(uri.has_headers);
}

TEST(UriTest, UsersMayHoldWhatLooksLikeParametersOrAnotherUri) {
  EXPECT_EQ(Parsed("sip:user;par=u%40example.net@example.com").user, "user;par=u%40example.net");
  EXPECT_EQ(Parsed("sip:sips%3Auser%40example.com@example.net").host, "example.net");
  const UriView uri = Parsed(
      "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-"
      "it)@example.com");
  EXPECT_EQ(uri.user, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
  EXPECT_EQ(uri.password, "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
  EXPECT_EQ(Parsed("sip:null-%00-null@example.com").user, "null-%00-null");
  EXPECT_EQ(Parsed("sip:*21#@example.com").user, "*21#");
}

TEST(UriTest, Ipv6ReferencesLoseTheirBrackets) {
  const UriView uri = Parsed("sip:user@[2001:db8::10]:5070;lr");
  EXPECT_EQ(uri.host, "2001:db8::10");
  EXPECT_EQ(uri.host_kind, HostKind::kIpv6);
  EXPECT_EQ(uri.port, 5070);
  EXPECT_EQ(Parsed("sip:[2001:db8::10:5070]").port, 0);
  EXPECT_EQ(Parsed("sip:ted@[::ffff:192.0.2.2]").host, "::ffff:192.0.2.2");
  EXPECT_EQ(Parsed("sip:user@[2001:db8:::192.0.2.1]").host_kind, HostKind::kIpv6);
}

TEST(UriTest, TelNumbersAreUsers) {
  const UriView uri = Parsed("tel:+1-201-555-0123;phone-context=example.com");
  EXPECT_EQ(uri.scheme, UriScheme::kTel);
  EXPECT_EQ(uri.user, "+1-201-555-0123");
  EXPECT_EQ(uri.parameters, ";phone-context=example.com");
}

TEST(UriTest, UnknownSchemesAreOpaque) {
  EXPECT_EQ(Parsed("nobodyKnowsThisScheme:totallyopaquecontent").opaque, "totallyopaquecontent");
  EXPECT_EQ(Parsed("soap.beep://192.0.2.103:3002").scheme_name, "soap.beep");
  EXPECT_EQ(Parsed("sip2:a@b@c").scheme, UriScheme::kOther);
}

TEST(UriTest, MalformedOnesAreRefused) {
  for (const char* text : {
           "",
           ":",
           "sip",
           "sip:",
           "1sip:a",
           "<sip:a@b>",
           "sip:a@b>",
           "sip:a b@c",
           " sip:a@b",
           "sip:a@b ",
           "sip:a@b; lr",
           "sip:a\tb@c",
           "sip:@b",
           "sip::p@b",
           "sip:a@",
           "sip:a@b@c",
           "sip:a@b:",
           "sip:a@b:0",
           "sip:a@b:65536",
           "sip:a@b:4294967376",
           "sip:a@b:-1",
           "sip:a@b:5060x",
           "sip:2001:db8::10",
           "sip:a@2001:db8::10",
           "sip:a@[::1",
           "sip:a@[]",
           "sip:a@[1]",
           "sip:a@[::1]x",
           "sip:a@[::g]",
           "sip:a@[::1%25eth0]",
           "sip:%zz@b",
           "sip:%4@b",
           "sip:%@b",
           "sip:a[b]@c",
           "sip:a@b c",
           "sip:a@b/c",
           "sip:a@b%41",
           "sip:a@.b",
           "sip:a@b..c",
           "sip:a@1.2.3",
           "sip:a@256.1.1.1",
           "sip:a@1.2.3.4.5",
           "sip:a@b\"",
           "sip:a@\xC3\xA9",
           "nobody:",
           "x:a b",
           "tel:",
           "tel:;a",
       }) {
    EXPECT_NE(ParseUri(text).fault, "") << text;
  }
  EXPECT_NE(ParseUri(std::string("sip:a") + '\0' + "b@c").fault, "");
}

TEST(ClassifyHostTest, KnowsNamesAndAddresses) {
  for (const char* host : {"a", "example.com", "example.com.", "a-b.c_d", "1.example", "3com.com",
                           "1.2.3.a", "xn--bcher-kva.example"}) {
    EXPECT_EQ(ClassifyHost(host), HostKind::kName) << host;
  }
  for (const char* host : {"192.0.2.1", "0.0.0.0", "255.255.255.255"}) {
    EXPECT_EQ(ClassifyHost(host), HostKind::kIpv4) << host;
  }
  for (const char* host : {"::", "2001:db8::1", "::ffff:192.0.2.1"}) {
    EXPECT_EQ(ClassifyHost(host), HostKind::kIpv6) << host;
  }
  for (const char* host : {"", ".", "a..b", ".a", "1.2.3", "1", "256.0.0.1", "0001.2.3.4",
                           "192.0.2.1.", "a b", "a:b", "[::1]", "*", "*.example.com", "a@b"}) {
    EXPECT_EQ(ClassifyHost(host), HostKind::kNone) << host;
  }
}

}  // namespace
}  // namespace sipcm::sip
