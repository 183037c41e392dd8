// The budget of performance.md 10: no allocation per message on the way in, nor on the way out.

#include <string>

#include "core/sip/address_of_record.h"
#include "core/sip/framer.h"
#include "core/sip/parser.h"
#include "core/sip/request_builder.h"
#include "core/sip/response_builder.h"
#include "gtest/gtest.h"
#include "tests/benchmark/allocation_count.h"
#include "tests/core/sip/test_message.h"

namespace sipcm::sip {
namespace {

TEST(AllocationTest, FramingParsingAndAnsweringTakeNoneOnceWarm) {
  TestMessage message = TestMessage::Request();
  for (int i = 0; i < 60; ++i) message.Add("X-Row", "more than fit into a small view");
  const std::string bytes = message.Text();
  Framer framer;
  MessageView view;
  std::string out;
  const auto pass = [&] {
    const Frame frame = framer.Next(bytes);
    ASSERT_TRUE(Parse(bytes, frame.header_length, view).ok());
    const AddressOfRecord address(ParseUri(view.request_uri()));
    ASSERT_EQ(address.text(), "bob@example.com");
    out.clear();
    const HeaderText headers[] = {{"Server", "sipcm"}};
    const ResponseBuilder response =
        ResponseBuilder(view).Status(200).ToTag("b1").Headers(headers).From({"192.0.2.7", 40123});
    ASSERT_TRUE(response.AppendTo(&out).ok());
  };
  pass();
  const uint64_t before = AllocationCount();
  for (int i = 0; i < 10; ++i) pass();
  EXPECT_EQ(AllocationCount(), before);
}

TEST(AllocationTest, BuildingARequestTakesNoneOnceWarm) {
  const HeaderText headers[] = {{"From", "<sip:a@example.net>"}, {"To", "<sip:b@example.com>"}};
  RequestParts parts;
  parts.method = "OPTIONS";
  parts.request_uri = "sip:b@example.com";
  parts.headers = headers;
  parts.transport = "TCP";
  parts.sent_by = "192.0.2.1:5060";
  parts.branch = "z9hG4bKx";
  parts.call_id = "c";
  parts.from_tag = "t";
  std::string out;
  ASSERT_TRUE(AppendRequest(parts, &out).ok());
  const uint64_t before = AllocationCount();
  out.clear();
  ASSERT_TRUE(AppendRequest(parts, &out).ok());
  EXPECT_EQ(AllocationCount(), before);
}

TEST(AllocationTest, NothingIsAllocatedByAnAnnouncedLength) {
  FramerLimits limits;
  limits.max_body_bytes = 1 << 30;
  Framer framer(limits);
  const uint64_t before = AllocationCount();
  EXPECT_EQ(framer.Next("A sip:b SIP/2.0\r\nl: 1073741824\r\n\r\n").kind, FrameKind::kNeedMore);
  EXPECT_EQ(AllocationCount(), before);
}

}  // namespace
}  // namespace sipcm::sip
