#include "core/sip/parameters.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sipcm::sip {
namespace {

// "name=value|flag|..." and "!" when the walk met a fault.
std::string Walk(absl::string_view text) {
  std::string result;
  ParameterIterator parameters(text);
  for (Parameter parameter; parameters.Next(&parameter);) {
    absl::StrAppend(&result, parameter.name, parameter.has_value ? "=" : "", parameter.value, "|");
  }
  if (!parameters.well_formed()) result += "!";
  return result;
}

std::string List(absl::string_view text) {
  std::string result;
  ListIterator elements(text);
  for (absl::string_view element; elements.Next(&element);) absl::StrAppend(&result, element, "|");
  if (!elements.well_formed()) result += "!";
  return result;
}

TEST(ParameterIteratorTest, GivesNamesAndValuesInOrder) {
  EXPECT_EQ(Walk(";lr;transport=tcp;a="), "lr|transport=tcp|a=|");
  EXPECT_EQ(Walk(""), "");
  EXPECT_EQ(Walk("  "), "");
}

TEST(ParameterIteratorTest, AllowsWhitespaceAndFoldsAroundSeparators) {
  EXPECT_EQ(Walk(" ; tag \t = \r\n  98asjd8 ;\r\n q = 0.33"), "tag=98asjd8|q=0.33|");
}

TEST(ParameterIteratorTest, QuotedValuesMayHoldSeparators) {
  EXPECT_EQ(Walk(";a=\"x;y=\\\"z,\";b"), "a=\"x;y=\\\"z,\"|b|");
}

TEST(ParameterIteratorTest, AddressesMayBeValues) {
  EXPECT_EQ(Walk(";received=2001:db8::9:255;maddr=[::1]"), "received=2001:db8::9:255|maddr=[::1]|");
}

TEST(ParameterIteratorTest, StopsAtTheFirstFault) {
  EXPECT_EQ(Walk(";a;;b"), "a|!");
  EXPECT_EQ(Walk(";a;"), "a|!");
  EXPECT_EQ(Walk(";=x"), "!");
  EXPECT_EQ(Walk("a=b"), "!");
  EXPECT_EQ(Walk(";a=\"open"), "!");
  EXPECT_EQ(Walk(";a=\"ends in backslash\\"), "!");
  EXPECT_EQ(Walk(";a b"), "!");
  EXPECT_EQ(Walk(";a=\"x\"y"), "!");
  EXPECT_EQ(Walk(";a=<b>"), "!");
}

TEST(ParameterIteratorTest, ACommaEndsTheWalk) {
  ParameterIterator parameters(";a=b , next;c");
  Parameter parameter;
  EXPECT_TRUE(parameters.Next(&parameter));
  EXPECT_EQ(parameter.text, ";a=b");
  EXPECT_FALSE(parameters.Next(&parameter));
  EXPECT_TRUE(parameters.well_formed());
  EXPECT_EQ(parameters.rest(), ", next;c");
}

TEST(FindParameterTest, IgnoresCaseAndGivesTheFirst) {
  Parameter parameter;
  ASSERT_TRUE(FindParameter(";Transport=TCP;transport=udp", "TRANSPORT", &parameter));
  EXPECT_EQ(parameter.value, "TCP");
  EXPECT_FALSE(FindParameter(";transportx=TCP", "transport", &parameter));
  EXPECT_FALSE(FindParameter("", "transport", &parameter));
}

TEST(ListIteratorTest, PartsAtCommasOutsideQuotesAndBrackets) {
  EXPECT_EQ(List("<sip:a,b@c>, \"x, y\" <sip:d>;p=\"1,2\" ,e"),
            "<sip:a,b@c>|\"x, y\" <sip:d>;p=\"1,2\"|e|");
}

TEST(ListIteratorTest, SkipsEmptyElements) {
  EXPECT_EQ(List(",, a ,\r\n ,b,"), "a|b|");
  EXPECT_EQ(List(""), "");
  EXPECT_EQ(List(" , "), "");
}

TEST(ListIteratorTest, TellsUnbalancedQuotesAndBrackets) {
  EXPECT_EQ(List("a,\"open,b"), "a|\"open,b|!");
  EXPECT_EQ(List("a,<sip:open,b"), "a|<sip:open,b|!");
}

TEST(QuotedStringLengthTest, CountsBothQuotesAndSkipsEscapes) {
  EXPECT_EQ(QuotedStringLength("\"a\\\"b\"c"), 6u);
  EXPECT_EQ(QuotedStringLength("\"\""), 2u);
  EXPECT_EQ(QuotedStringLength("a\""), 0u);
  EXPECT_EQ(QuotedStringLength("\"a"), 0u);
  EXPECT_EQ(QuotedStringLength("\"a\\\""), 0u);
  EXPECT_EQ(QuotedStringLength(""), 0u);
}

}  // namespace
}  // namespace sipcm::sip
