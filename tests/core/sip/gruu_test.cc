#include "core/sip/gruu.h"

#include <string>

#include "gtest/gtest.h"

namespace sipcm::sip {
namespace {

std::string Canonical(const std::string& uri) { return std::string(Gruu(ParseUri(uri)).text()); }

TEST(GruuTest, APublicGruuIsItsAddressAndItsInstance) {
  EXPECT_EQ(Canonical("sip:alice@example.com;gr=urn:uuid:f81d4fae"),
            "alice@example.com;gr=urn:uuid:f81d4fae");
}

TEST(GruuTest, ATemporaryGruuHasNoValue) {
  EXPECT_EQ(Canonical("sip:tgruu.7hs==x@example.com;gr"), "tgruu.7hs==x@example.com;gr");
}

TEST(GruuTest, TheOpaqueFormNeedsItsFlag) {
  EXPECT_EQ(Canonical("sip:alice@example.com;opaque=user:epid:0a1B;gruu"),
            "alice@example.com;opaque=user:epid:0a1b;gruu");
  EXPECT_EQ(Canonical("sip:alice@example.com;opaque=user:epid:0a1b"), "");
  EXPECT_EQ(Canonical("sip:alice@example.com;gruu"), "");
}

TEST(GruuTest, EqualUrisHaveOneText) {
  const std::string text = Canonical("sip:alice@example.com;gr=urn:uuid:f8");
  for (const char* uri :
       {"sips:alice@EXAMPLE.com;gr=URN:UUID:F8", "sip:%61lice@example.com.;gr=urn:uuid:f8",
        "sip:alice@example.com:5070;transport=tls;gr=urn:uuid:%668;x=y"}) {
    EXPECT_EQ(Canonical(uri), text) << uri;
  }
}

TEST(GruuTest, WhatDiffersHasAnother) {
  const std::string text = Canonical("sip:alice@example.com;gr=urn:uuid:f8");
  for (const char* uri :
       {"sip:Alice@example.com;gr=urn:uuid:f8", "sip:alice@example.com;gr",
        "sip:alice@example.org;gr=urn:uuid:f8", "sip:alice@example.com;gr=urn:uuid:f8%3B"}) {
    EXPECT_NE(Canonical(uri), text) << uri;
  }
}

TEST(GruuTest, OthersAreNone) {
  for (const char* uri : {"sip:alice@example.com", "sip:alice@example.com;x=gr", "tel:+1;gr=1",
                          "urn:a:b", "sip:", "sip:alice@example.com;grx=1"}) {
    EXPECT_EQ(Canonical(uri), "") << uri;
  }
}

}  // namespace
}  // namespace sipcm::sip
