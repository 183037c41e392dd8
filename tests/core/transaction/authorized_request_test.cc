#include "core/transaction/authorized_request.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/core/dispatch/test_request.h"

namespace sipcm::transaction {
namespace {

using dispatch::ParsedText;

constexpr char kRequest[] =
    "MESSAGE sip:bob@example.com SIP/2.0\r\n"
    "Via: SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bKold;rport\r\n"
    "v: SIP/2.0/TCP 198.51.100.1;branch=z9hG4bKbelow\r\n"
    "Route: <sip:one;lr>\r\n"
    "From: <sip:alice@example.com>;tag=a\r\n"
    "To: <sip:bob@example.com>\r\n"
    "Call-ID: 1\r\n"
    "Proxy-Authorization: Digest realm=\"old\"\r\n"
    "CSeq: 7 MESSAGE\r\n"
    "Content-Type: text/plain\r\n"
    "Content-Length: 5\r\n\r\nhello";

TEST(AuthorizedRequestTest, OnlyBranchCseqAndCredentialsDiffer) {
  const ParsedText request{std::string(kRequest)};
  EXPECT_EQ(MakeAuthorized(request.view, "z9hG4bKnew", 8,
                           {{"Proxy-Authorization", "Digest realm=\"new\""},
                            {"Authorization", "Digest realm=\"too\""}}),
            "MESSAGE sip:bob@example.com SIP/2.0\r\n"
            "Via: SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bKnew;rport\r\n"
            "v: SIP/2.0/TCP 198.51.100.1;branch=z9hG4bKbelow\r\n"
            "Route: <sip:one;lr>\r\n"
            "From: <sip:alice@example.com>;tag=a\r\n"
            "To: <sip:bob@example.com>\r\n"
            "Call-ID: 1\r\n"
            "CSeq: 8 MESSAGE\r\n"
            "Proxy-Authorization: Digest realm=\"new\"\r\n"
            "Authorization: Digest realm=\"too\"\r\n"
            "Content-Type: text/plain\r\n"
            "Content-Length: 5\r\n\r\nhello");
}

TEST(AuthorizedRequestTest, WithoutCredentialsTheyAreTakenOut) {
  const ParsedText request{std::string(kRequest)};
  const std::string made = MakeAuthorized(request.view, request.view.branch(), 7, {});
  EXPECT_EQ(made.find("Authorization"), std::string::npos);
  EXPECT_NE(made.find("branch=z9hG4bKold;rport"), std::string::npos);
}

}  // namespace
}  // namespace sipcm::transaction
