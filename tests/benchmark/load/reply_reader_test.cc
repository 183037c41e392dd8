#include "tests/benchmark/load/reply_reader.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sipcm::load {
namespace {

using Outcome = ReplyReader::Outcome;

std::string ReplyTo(const RequestId& id, int status, const std::string& body = "") {
  std::string request;
  RequestTemplate({}).AppendTo(id, &request);
  const size_t via = request.find("Via:");
  return absl::StrCat("SIP/2.0 ", status, " Phrase\r\n",
                      request.substr(via, request.find("\r\n", via) - via),
                      "\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
}

void Give(const std::string& bytes, ReplyReader* reader) {
  for (size_t given = 0; given < bytes.size();) {
    const absl::Span<char> space = reader->Space();
    const size_t count = std::min(space.size(), bytes.size() - given);
    std::copy_n(bytes.data() + given, count, space.data());
    reader->Received(count);
    given += count;
  }
}

TEST(RequestTemplateTest, MakesRequestsOfTheSizeAskedFor) {
  for (const size_t size : {500, 1000, 10000}) {
    std::string request;
    RequestTemplate({.byte_count = size}).AppendTo({}, &request);
    EXPECT_EQ(request.size(), size);
  }
}

TEST(RequestTemplateTest, IdTravelsInTheBranch) {
  const RequestId id{(1 << 20) - 1, (1 << 16) - 1, (uint64_t{1} << 44) - 1};
  ReplyReader reader;
  Give(ReplyTo(id, 200), &reader);
  Reply reply;
  ASSERT_EQ(reader.Next(&reply), Outcome::kReply);
  EXPECT_EQ(reply.id.connection, id.connection);
  EXPECT_EQ(reply.id.slot, id.slot);
  EXPECT_EQ(reply.id.sequence, id.sequence);
}

TEST(ReplyReaderTest, FramesRepliesThatComeByteByByte) {
  const std::string bytes = ReplyTo({1, 2, 3}, 200, "body") + ReplyTo({4, 5, 6}, 404);
  ReplyReader reader;
  std::vector<int> statuses;
  for (const char byte : bytes) {
    Give(std::string(1, byte), &reader);
    Reply reply;
    Outcome outcome = reader.Next(&reply);
    ASSERT_NE(outcome, Outcome::kMalformed);
    if (outcome == Outcome::kReply) statuses.push_back(reply.status_code);
  }
  EXPECT_EQ(statuses, (std::vector<int>{200, 404}));
}

TEST(ReplyReaderTest, FramesManyRepliesOfOneRead) {
  std::string bytes;
  for (uint64_t i = 1; i <= 1000; ++i) bytes += ReplyTo({0, 0, i}, 200);
  ReplyReader reader;
  Give(bytes, &reader);
  Reply reply;
  for (uint64_t i = 1; i <= 1000; ++i) {
    ASSERT_EQ(reader.Next(&reply), Outcome::kReply);
    EXPECT_EQ(reply.id.sequence, i);
  }
  EXPECT_EQ(reader.Next(&reply), Outcome::kNeedsBytes);
}

TEST(ReplyReaderTest, RefusesWhatAnswersNoRequestOfOurs) {
  for (const std::string bytes :
       {"HTTP/1.1 200 OK\r\n\r\n", "SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK1\r\n\r\n",
        "OPTIONS sip:a SIP/2.0\r\n\r\n", "SIP/2.0 xyz\r\nVia: ;branch=z9hG4bK-load-\r\n\r\n"}) {
    ReplyReader reader;
    Give(bytes, &reader);
    Reply reply;
    EXPECT_EQ(reader.Next(&reply), Outcome::kMalformed) << bytes;
  }
}

TEST(ReplyReaderTest, ReadsTheContentLengthInEachForm) {
  EXPECT_EQ(ContentLengthOf("A: b\r\nContent-Length: 12\r\n"), 12u);
  EXPECT_EQ(ContentLengthOf("A: b\r\nl:7\r\n"), 7u);
  EXPECT_EQ(ContentLengthOf("A: b\r\n"), 0u);
}

}  // namespace
}  // namespace sipcm::load
