#include "core/tls/server_names.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace sipcm::tls {
namespace {

Certificate Named(const std::vector<std::string>& dns_names, const std::string& common_name = "") {
  Certificate certificate;
  certificate.dns_names = dns_names;
  certificate.common_name = common_name;
  return certificate;
}

TEST(ServerNamesTest, AnExactNameComesBeforeAWildcardThatWasAddedFirst) {
  ServerNames names;
  names.Add(Named({"*.contoso.com"}), 0);
  names.Add(Named({"sip.contoso.com"}), 1);
  EXPECT_EQ(names.Find("sip.contoso.com"), 1u);
  EXPECT_EQ(names.Find("other.contoso.com"), 0u);
}

TEST(ServerNamesTest, AWildcardStandsForExactlyOneLabel) {
  ServerNames names;
  names.Add(Named({"*.contoso.com"}), 3);
  EXPECT_EQ(names.Find("contoso.com"), std::nullopt);
  EXPECT_EQ(names.Find("a.b.contoso.com"), std::nullopt);
  EXPECT_EQ(names.Find("evilcontoso.com"), std::nullopt);
  EXPECT_EQ(names.Find("b.contoso.com"), 3u);
}

TEST(ServerNamesTest, OnlyAWholeLeftMostLabelBelowADomainIsAWildcard) {
  ServerNames names;
  names.Add(Named({"*", "*.com", "s*.contoso.com", "a.*.contoso.com", "*.*.contoso.com"}), 0);
  for (const char* asked : {"contoso.com", "sip.contoso.com", "a.b.contoso.com", "x"}) {
    EXPECT_EQ(names.Find(asked), std::nullopt) << asked;
  }
}

TEST(ServerNamesTest, CaseAndATrailingDotDoNotMatter) {
  ServerNames names;
  names.Add(Named({"SIP.Contoso.COM"}), 0);
  EXPECT_EQ(names.Find("sip.contoso.com."), 0u);
  EXPECT_EQ(names.Find("Sip.CONTOSO.com"), 0u);
}

TEST(ServerNamesTest, AmongEqualNamesTheFirstCertificateStays) {
  ServerNames names;
  names.Add(Named({"sip.contoso.com"}), 0);
  names.Add(Named({"sip.contoso.com"}), 1);
  EXPECT_EQ(names.Find("sip.contoso.com"), 0u);
}

TEST(ServerNamesTest, TheCommonNameCountsOnlyWithoutDnsNames) {
  ServerNames names;
  names.Add(Named({"sip.contoso.com"}, "old.contoso.com"), 0);
  names.Add(Named({}, "bare.contoso.com"), 1);
  EXPECT_EQ(names.Find("old.contoso.com"), std::nullopt);
  EXPECT_EQ(names.Find("bare.contoso.com"), 1u);
}

TEST(ServerNamesTest, WhatIsNoNameFindsNothing) {
  ServerNames names;
  names.Add(Named({"sip.contoso.com"}), 0);
  for (const std::string& asked :
       {std::string(), std::string("."), std::string("*.contoso.com"), std::string("sip contoso"),
        std::string("sip.contoso.com\0x", 17)}) {
    EXPECT_EQ(names.Find(asked), std::nullopt) << asked;
  }
}

}  // namespace
}  // namespace sipcm::tls
