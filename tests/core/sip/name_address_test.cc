#include "core/sip/name_address.h"

#include "gtest/gtest.h"

namespace sipcm::sip {
namespace {

NameAddress Parsed(absl::string_view text) {
  NameAddress address;
  EXPECT_EQ(ParseNameAddress(text, &address), "") << text;
  return address;
}

TEST(NameAddressTest, GivesDisplayNameUriAndTag) {
  const NameAddress address = Parsed("\"Bob, \\\"B\\\"\" <sip:bob@example.com;lr>;tag=a1;x=y");
  EXPECT_EQ(address.form, AddressForm::kNameAddress);
  EXPECT_EQ(address.display_name, "Bob, \\\"B\\\"");
  EXPECT_EQ(address.uri, "sip:bob@example.com;lr");
  EXPECT_EQ(address.tag, "a1");
  EXPECT_EQ(address.parameters, ";tag=a1;x=y");
}

TEST(NameAddressTest, WithoutBracketsParametersBelongToTheHeader) {
  const NameAddress address = Parsed("sip:+16505552222@ss1.example.net;user=phone ; Tag = 7");
  EXPECT_EQ(address.form, AddressForm::kAddressOnly);
  EXPECT_EQ(address.uri, "sip:+16505552222@ss1.example.net");
  EXPECT_EQ(address.tag, "7");
}

TEST(NameAddressTest, UnquotedNamesNeedNoSpaceBeforeTheBracket) {
  EXPECT_EQ(Parsed("caller<sip:caller@example.com>;tag=323").display_name, "caller");
  EXPECT_EQ(Parsed("token1~` token2'+_ <sip:a@b>").display_name, "token1~` token2'+_");
  EXPECT_EQ(Parsed("Bell, Alexander <sip:a@b>").display_name, "Bell, Alexander");
  EXPECT_EQ(Parsed("<sip:a@b>").display_name, "");
}

TEST(NameAddressTest, SpaceInsideBracketsIsDropped) {
  EXPECT_EQ(Parsed("\"W\" < sip:t.watson@example.org >").uri, "sip:t.watson@example.org");
}

TEST(NameAddressTest, FoldsMayStandBetweenItsParts) {
  const NameAddress address = Parsed("\"J\"\r\n  <sip:j@example.com>\r\n ;\r\n tag = 98asjd8");
  EXPECT_EQ(address.uri, "sip:j@example.com");
  EXPECT_EQ(address.tag, "98asjd8");
}

TEST(NameAddressTest, AnySchemeWillDo) {
  EXPECT_EQ(Parsed("isbn:2983792873").uri, "isbn:2983792873");
  EXPECT_EQ(Parsed("<http://www.example.com>;tag=3").uri, "http://www.example.com");
}

TEST(NameAddressTest, MalformedOnesAreRefused) {
  for (const char* text : {
           "",
           "bob",
           "\"Mr. J. User <sip:j.user@example.com>",
           "\"a\" sip:a@b",
           "\"a\"",
           "<sip:a@b",
           "<>",
           "< >",
           "<bob>",
           "sip:",
           "<sip:a b@c>",
           "<sip:a@b> x",
           "sip:a@b x",
           "sip:a@b,sip:c@d",
           "<sip:a@b>,<sip:c@d>",
           "<sip:a@b>;tag=1,<sip:c@d>",
           "sip:a@b?x=y",
           "<sip:a@b>;tag",
           "<sip:a@b>;tag=",
           "<sip:a@b>;tag=1;tag=2",
           "<sip:a@b>;tag=\"x\"",
           "<sip:a@b>;;",
           "<sip:a@<b>>",
           "a\"b <sip:a@b>",
           "x;y <sip:a@b>",
           "<sip:a\r\n @b>",
           "1sip:a@b",
       }) {
    NameAddress address;
    EXPECT_NE(ParseNameAddress(text, &address), "") << text;
  }
}

}  // namespace
}  // namespace sipcm::sip
