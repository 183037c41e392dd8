#include "core/sip/request_builder.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "core/base/error.h"
#include "core/sip/raw_message.h"
#include "gtest/gtest.h"

namespace sipcm::sip {
namespace {

class RequestBuilderTest : public testing::Test {
 protected:
  RequestBuilderTest() {
    parts_.method = "OPTIONS";
    parts_.request_uri = "sip:bob@example.com";
    parts_.transport = "TCP";
    parts_.sent_by = "edge.example.net:5060";
    parts_.branch = "z9hG4bKx1";
    parts_.call_id = "call-1";
    parts_.from_tag = "a1";
    parts_.cseq = 42;
  }

  // Builds, and sees that our own framer and parser take what was built.
  std::string Built() {
    parts_.headers = headers_;
    std::string out;
    const absl::Status status = AppendRequest(parts_, &out);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(CheckRequest(parts_), status);
    MessageView view;
    EXPECT_TRUE(CheckRawRequest(out, FramerLimits(), &view).ok()) << out;
    return out;
  }

  std::string FieldOfFault() {
    parts_.headers = headers_;
    std::string out = "before";
    const absl::Status status = AppendRequest(parts_, &out);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_EQ(out, "before");
    EXPECT_EQ(CheckRequest(parts_), judged_when_written_ ? absl::OkStatus() : status);
    return FieldOf(status);
  }

  std::vector<HeaderText> headers_ = {{"From", "\"Alice\" <sip:alice@example.net>"},
                                      {"To", "<sip:bob@example.com>"}};
  RequestParts parts_;
  bool judged_when_written_ = false;  // the Via, which is the server's own
};

TEST_F(RequestBuilderTest, FillsInWhatTheApplicationDidNotSay) {
  headers_.push_back({"X-A", "1"});
  EXPECT_EQ(Built(),
            "OPTIONS sip:bob@example.com SIP/2.0\r\n"
            "Via: SIP/2.0/TCP edge.example.net:5060;branch=z9hG4bKx1\r\n"
            "Max-Forwards: 70\r\n"
            "From: \"Alice\" <sip:alice@example.net>;tag=a1\r\n"
            "To: <sip:bob@example.com>\r\n"
            "X-A: 1\r\n"
            "Call-ID: call-1\r\n"
            "CSeq: 42 OPTIONS\r\n"
            "Content-Length: 0\r\n"
            "\r\n");
}

TEST_F(RequestBuilderTest, KeepsWhatTheApplicationSaid) {
  headers_ = {{"f", "<sip:alice@example.net>;tag=mine"},
              {"t", "<sip:bob@example.com>;tag=b"},
              {"Max-Forwards", "9"},
              {"i", "mine"},
              {"CSeq", "7 OPTIONS"},
              {"c", "text/plain"},
              {"l", "2"}};
  parts_.body = "hi";
  EXPECT_EQ(Built(),
            "OPTIONS sip:bob@example.com SIP/2.0\r\n"
            "Via: SIP/2.0/TCP edge.example.net:5060;branch=z9hG4bKx1\r\n"
            "f: <sip:alice@example.net>;tag=mine\r\nt: <sip:bob@example.com>;tag=b\r\n"
            "Max-Forwards: 9\r\ni: mine\r\nCSeq: 7 OPTIONS\r\nc: text/plain\r\nl: 2\r\n\r\nhi");
}

TEST_F(RequestBuilderTest, OurViaComesFirst) {
  headers_.push_back({"Via", "SIP/2.0/TCP behind.example.net;branch=z9hG4bKold"});
  parts_.via_parameters = ";rport;alias";
  const std::string out = Built();
  EXPECT_LT(out.find("Via: SIP/2.0/TCP edge.example.net:5060;branch=z9hG4bKx1;rport;alias\r\n"),
            out.find("Via: SIP/2.0/TCP behind.example.net;branch=z9hG4bKold\r\n"));
}

TEST_F(RequestBuilderTest, Ipv6AddressesStandInBrackets) {
  parts_.sent_by = "[2001:db8::1]:5061";
  EXPECT_TRUE(absl::StrContains(Built(), "Via: SIP/2.0/TCP [2001:db8::1]:5061;branch="));
  parts_.sent_by = "2001:db8::1";
  judged_when_written_ = true;
  EXPECT_EQ(FieldOfFault(), "sent_by");
}

TEST_F(RequestBuilderTest, NothingCanBeInjected) {
  const absl::string_view injected = "x\r\nX: y";
  const std::pair<absl::string_view RequestParts::*, const char*> fields[] = {
      {&RequestParts::method, "method"},       {&RequestParts::request_uri, "request_uri"},
      {&RequestParts::transport, "transport"}, {&RequestParts::sent_by, "sent_by"},
      {&RequestParts::branch, "branch"},       {&RequestParts::via_parameters, "via_parameters"},
      {&RequestParts::call_id, "call_id"},     {&RequestParts::from_tag, "from_tag"},
  };
  const RequestParts sound = parts_;
  for (const auto& [member, field] : fields) {
    parts_ = sound;
    parts_.*member = injected;
    EXPECT_EQ(FieldOfFault(), field);
  }
  parts_ = sound;
  headers_.push_back({"X", injected});
  EXPECT_EQ(FieldOfFault(), "headers[2].value");
}

TEST_F(RequestBuilderTest, TheRequestUriMustBeAUriWithoutHeaders) {
  parts_.request_uri = "sip:bob@example.com?Subject=x";
  EXPECT_EQ(FieldOfFault(), "request_uri");
  parts_.request_uri = "<sip:bob@example.com>";
  EXPECT_EQ(FieldOfFault(), "request_uri");
  parts_.request_uri = "bob";
  EXPECT_EQ(FieldOfFault(), "request_uri");
}

TEST_F(RequestBuilderTest, FromAndToAreTheApplications) {
  headers_.pop_back();
  EXPECT_EQ(FieldOfFault(), "headers");
  headers_ = {{"To", "sip:a@b"}};
  EXPECT_EQ(FieldOfFault(), "headers");
}

TEST_F(RequestBuilderTest, TheCseqMustFitTheMethod) {
  headers_.push_back({"CSeq", "1 INVITE"});
  EXPECT_EQ(FieldOfFault(), "headers[2].value");
  headers_.back() = {"X", "1"};
  parts_.cseq = 0x80000000;
  EXPECT_EQ(FieldOfFault(), "cseq");
}

TEST_F(RequestBuilderTest, ViaParametersMustBeParameters) {
  judged_when_written_ = true;
  parts_.via_parameters = ";;";
  EXPECT_EQ(FieldOfFault(), "sent_by");
  parts_.via_parameters = ", SIP/2.0/TCP evil";
  EXPECT_EQ(FieldOfFault(), "sent_by");
}

}  // namespace
}  // namespace sipcm::sip
