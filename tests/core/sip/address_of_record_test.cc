#include "core/sip/address_of_record.h"

#include <string>

#include "gtest/gtest.h"

namespace sipcm::sip {
namespace {

std::string KeyOf(absl::string_view uri) {
  return std::string(AddressOfRecord(ParseUri(uri)).text());
}

TEST(AddressOfRecordTest, IsUserAtHost) {
  EXPECT_EQ(KeyOf("sip:alice@example.com"), "alice@example.com");
  EXPECT_EQ(KeyOf("sip:example.com"), "example.com");
}

TEST(AddressOfRecordTest, DropsAllThatDoesNotNameTheUser) {
  EXPECT_EQ(KeyOf("sips:alice:pw@Example.COM.:5061;transport=tls;user=phone?Subject=x"),
            "alice@example.com");
}

TEST(AddressOfRecordTest, UsersAreCaseSensitiveAndHostsAreNot) {
  EXPECT_EQ(KeyOf("sip:Alice@EXAMPLE.com"), "Alice@example.com");
  EXPECT_NE(KeyOf("sip:Alice@example.com"), KeyOf("sip:alice@example.com"));
}

TEST(AddressOfRecordTest, ResolvesEscapesOfUnreservedCharactersOnly) {
  EXPECT_EQ(KeyOf("sip:%75se%72@example.com"), "user@example.com");
  EXPECT_EQ(KeyOf("sip:%6a%2D%5f@example.com"), "j-_@example.com");
  EXPECT_EQ(KeyOf("sip:a%40b@example.com"), "a%40b@example.com");
  EXPECT_EQ(KeyOf("sip:a%3ab@example.com"), "a%3Ab@example.com");
  EXPECT_EQ(KeyOf("sip:%00@example.com"), "%00@example.com");
  EXPECT_NE(KeyOf("sip:%00@example.com"), KeyOf("sip:%00%00@example.com"));
  EXPECT_EQ(KeyOf("sip:%2525@example.com"), "%2525@example.com");
}

TEST(AddressOfRecordTest, Ipv6HostsKeepBrackets) {
  EXPECT_EQ(KeyOf("sip:a@[2001:DB8::10]:5070"), "a@[2001:db8::10]");
}

TEST(AddressOfRecordTest, TelephoneNumbersLoseVisualSeparators) {
  EXPECT_EQ(KeyOf("tel:+1-(201).555-0123;ext=5"), "tel:+12015550123");
}

TEST(AddressOfRecordTest, OtherSchemesStayAsWritten) {
  EXPECT_EQ(KeyOf("urn:service:sos"), "urn:service:sos");
}

TEST(AddressOfRecordTest, HostIsTheKeyOfAWholeDomain) {
  const AddressOfRecord address(ParseUri("sip:alice@Example.com"));
  EXPECT_EQ(address.host(), "example.com");
  EXPECT_EQ(AddressOfRecord(ParseUri("sip:Example.com")).host(), "example.com");
  EXPECT_EQ(AddressOfRecord(ParseUri("tel:+1")).host(), "");
}

TEST(AddressOfRecordTest, AFaultyUriHasNone) {
  const AddressOfRecord address(ParseUri("sip:a@b@c"));
  EXPECT_TRUE(address.empty());
  EXPECT_EQ(address.host(), "");
}

TEST(AddressOfRecordTest, LongUsersAreKeptWhole) {
  const std::string user(3 * AddressOfRecord::kInlineBytes, 'x');
  EXPECT_EQ(KeyOf("sip:" + user + "@h.example"), user + "@h.example");
}

}  // namespace
}  // namespace sipcm::sip
