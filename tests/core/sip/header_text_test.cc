#include "core/sip/header_text.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "core/base/error.h"
#include "gtest/gtest.h"

namespace sipcm::sip {
namespace {

// The field that the fault names; empty when the headers are fine.
std::string FaultField(const std::vector<HeaderText>& headers, size_t body_size = 0) {
  HeaderSet given;
  const absl::Status status = CheckHeaders(headers, body_size, &given);
  EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status));
  return FieldOf(status);
}

TEST(CheckHeadersTest, FillsWhichWereGiven) {
  HeaderSet given;
  ASSERT_TRUE(CheckHeaders({{"k", "timer"}, {"X-A", "1"}, {"To", "sip:a"}}, 0, &given).ok());
  EXPECT_EQ(given.count(), 2u);
  EXPECT_TRUE(given.test(static_cast<size_t>(HeaderId::kSupported)));
  EXPECT_TRUE(given.test(static_cast<size_t>(HeaderId::kTo)));
}

TEST(CheckHeadersTest, NothingCanBeInjected) {
  EXPECT_EQ(FaultField({{"X", "1"}, {"Y", "a\r\nZ: b"}}), "headers[1].value");
  EXPECT_EQ(FaultField({{"X", "a\nb"}}), "headers[0].value");
  EXPECT_EQ(FaultField({{"X", "a\rb"}}), "headers[0].value");
  EXPECT_EQ(FaultField({{"X", "a\r\n b"}}), "headers[0].value");
  const std::string with_nul = std::string("a") + '\0' + "b";
  EXPECT_EQ(FaultField({{"X", with_nul}}), "headers[0].value");
  for (const char* name : {"", "X:", "X Y", "X\r\nY", "X\n", "\xC3\xA9"}) {
    EXPECT_EQ(FaultField({{name, "1"}}), "headers[0].name") << name;
  }
}

TEST(CheckHeadersTest, SingleHeadersComeOnceAndListsMayRepeat) {
  EXPECT_EQ(FaultField({{"To", "sip:a"}, {"t", "sip:a"}}), "headers[1].name");
  EXPECT_EQ(FaultField({{"Route", "<sip:a>"}, {"Route", "<sip:b>"}, {"X-A", "1"}, {"X-A", "1"}}),
            "");
}

TEST(CheckHeadersTest, ContentLengthMustBeTheBodysSize) {
  EXPECT_EQ(FaultField({{"Content-Length", "0"}}), "");
  EXPECT_EQ(FaultField({{"l", "5"}, {"c", "text/plain"}}, 5), "");
  for (const char* value : {"4", "-5", "5,5", "", "18446744073709551621"}) {
    EXPECT_EQ(FaultField({{"c", "text/plain"}, {"Content-Length", value}}, 5), "headers[1].value");
  }
}

TEST(CheckHeadersTest, ABodyNeedsAContentType) {
  EXPECT_EQ(FaultField({}, 1), "headers");
  EXPECT_EQ(FaultField({{"Content-Type", "text/plain"}}, 1), "");
}

TEST(CheckHeadersTest, WhatRoutesAMessageIsJudged) {
  EXPECT_EQ(FaultField({{"From", "alice"}}), "headers[0].value");
  EXPECT_EQ(FaultField({{"To", "<sip:a"}}), "headers[0].value");
  EXPECT_EQ(FaultField({{"Call-ID", "a b"}}), "headers[0].value");
  EXPECT_EQ(FaultField({{"CSeq", "OPTIONS"}}), "headers[0].value");
  EXPECT_EQ(FaultField({{"CSeq", "4294967296 OPTIONS"}}), "headers[0].value");
  EXPECT_EQ(FaultField({{"Max-Forwards", "256"}}), "headers[0].value");
  EXPECT_EQ(FaultField({{"Via", "SIP/2.0/TCP a, SIP/2.0/TCP"}}), "headers[0].value");
  EXPECT_EQ(FaultField({{"Via", ""}}), "headers[0].value");
  EXPECT_EQ(FaultField({{"Via", "SIP/2.0/TCP a, SIP/2.0/TCP b"}}), "");
}

TEST(CheckHeadersTest, TheMessageNamesTheHeader) {
  HeaderSet given;
  const absl::Status status = CheckHeaders({{"X-Trace", "a\nb"}}, 0, &given);
  EXPECT_TRUE(absl::StrContains(status.message(), "\"X-Trace\"")) << status;
}

TEST(CheckTextTest, NamesItsField) {
  EXPECT_TRUE(CheckText("a b", "reason_phrase").ok());
  EXPECT_EQ(FieldOf(CheckText("a\r\nb", "reason_phrase")), "reason_phrase");
}

TEST(AppendHeaderTest, WritesOneRow) {
  std::string out;
  AppendHeader("Subject", "x", &out);
  AppendHeader("Content-Length", 12, &out);
  EXPECT_EQ(out, "Subject: x\r\nContent-Length: 12\r\n");
}

}  // namespace
}  // namespace sipcm::sip
