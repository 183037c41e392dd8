#include "core/connection/bytes/inbox.h"

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sipcm::connection {
namespace {

std::string Message(int number, size_t body = 0) {
  return absl::StrCat("OPTIONS sip:", number, " SIP/2.0\r\nContent-Length: ", body, "\r\n\r\n",
                      std::string(body, 'b'));
}

class InboxTest : public ::testing::Test {
 protected:
  Inbox::Verdict Take(absl::string_view data, const sip::Frame& frame) {
    if (frame.kind != sip::FrameKind::kMessage) return Inbox::Verdict::kGoOn;
    taken_.push_back(
        std::string(data.substr(frame.offset, frame.header_length + frame.body_length)));
    return verdict_;
  }
  bool Receive(absl::string_view bytes) {
    return inbox_.Receive(bytes, [this](absl::string_view data, const sip::Frame& frame) {
      return Take(data, frame);
    });
  }
  bool Resume() {
    return inbox_.Resume(
        [this](absl::string_view data, const sip::Frame& frame) { return Take(data, frame); });
  }

  Inbox inbox_{sip::FramerLimits()};
  Inbox::Verdict verdict_ = Inbox::Verdict::kGoOn;
  std::vector<std::string> taken_;
};

TEST_F(InboxTest, WholeMessagesLeaveNothingBehind) {
  EXPECT_FALSE(Receive(Message(1) + "\r\n\r\n" + Message(2, 100)));
  EXPECT_EQ(taken_, (std::vector<std::string>{Message(1), Message(2, 100)}));
  EXPECT_TRUE(inbox_.empty());
  EXPECT_EQ(inbox_.heap_bytes(), 0u);
}

TEST_F(InboxTest, OnlyTheRestIsKeptAndOnlyWhileItIsUnfinished) {
  const std::string message = Message(2, 1000);
  EXPECT_TRUE(Receive(Message(1) + message.substr(0, 500)));
  EXPECT_EQ(inbox_.size(), 500u);
  EXPECT_LE(inbox_.heap_bytes(), 512u);
  EXPECT_FALSE(Receive(message.substr(500)));
  EXPECT_EQ(taken_.size(), 2u);
  EXPECT_EQ(inbox_.heap_bytes(), 0u);
}

TEST_F(InboxTest, SaysWhenAnotherMessageBegins) {
  const std::string message = Message(1);
  EXPECT_TRUE(Receive(message.substr(0, 10)));
  EXPECT_FALSE(Receive(message.substr(10, 5)));  // the same one goes on
  EXPECT_TRUE(Receive(message.substr(15) + message.substr(0, 3)));
  EXPECT_FALSE(Receive(message.substr(3)));
  EXPECT_EQ(taken_.size(), 2u);
}

TEST_F(InboxTest, MemoryFollowsWhatCameNotWhatWasAnnounced) {
  Receive("OPTIONS sip:1 SIP/2.0\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_LE(inbox_.heap_bytes(), 128u);
}

TEST_F(InboxTest, ALongMessagesMemoryIsGivenBack) {
  const std::string message = Message(1, 1000000);
  for (size_t at = 0; at < message.size(); at += 4096) Receive(message.substr(at, 4096));
  ASSERT_EQ(taken_.size(), 1u);
  EXPECT_EQ(inbox_.heap_bytes(), 0u);
  Receive(message.substr(0, message.size() - 1));
  EXPECT_TRUE(Receive(message.substr(message.size() - 1) + Message(2).substr(0, 20)));
  EXPECT_LE(inbox_.heap_bytes(), 64u);
}

TEST_F(InboxTest, APauseKeepsTheRestUntilItIsResumed) {
  verdict_ = Inbox::Verdict::kPause;
  EXPECT_FALSE(Receive(Message(1) + Message(2) + Message(3).substr(0, 20)));
  EXPECT_EQ(taken_.size(), 1u);
  EXPECT_TRUE(inbox_.is_paused());
  EXPECT_FALSE(Resume());
  EXPECT_EQ(taken_.size(), 2u);
  EXPECT_TRUE(inbox_.is_paused());
  EXPECT_TRUE(Resume());  // the third one has begun
  EXPECT_FALSE(inbox_.is_paused());
  verdict_ = Inbox::Verdict::kGoOn;
  EXPECT_FALSE(Receive(Message(3).substr(20)));
  EXPECT_EQ(taken_, (std::vector<std::string>{Message(1), Message(2), Message(3)}));
}

TEST_F(InboxTest, APauseAtTheLastByteLeavesNothingToResume) {
  verdict_ = Inbox::Verdict::kPause;
  Receive(Message(1));
  EXPECT_FALSE(inbox_.is_paused());
  EXPECT_TRUE(inbox_.empty());
}

TEST_F(InboxTest, WhatFollowsADropIsNeverTaken) {
  verdict_ = Inbox::Verdict::kDrop;
  EXPECT_FALSE(Receive(Message(1) + Message(2)));
  EXPECT_EQ(taken_.size(), 1u);
  EXPECT_TRUE(inbox_.empty());
}

TEST_F(InboxTest, ClearForgetsTheRest) {
  Receive(Message(1).substr(0, 20));
  inbox_.Clear();
  EXPECT_TRUE(inbox_.empty());
  EXPECT_EQ(inbox_.heap_bytes(), 0u);
}

}  // namespace
}  // namespace sipcm::connection
