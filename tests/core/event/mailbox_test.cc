#include "core/event/mailbox.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace sipcm::event {
namespace {

TEST(MailboxTest, OnlyTheFirstOfABurstAsksForAWakeUp) {
  Mailbox mailbox;
  EXPECT_TRUE(mailbox.Put([] {}));
  EXPECT_FALSE(mailbox.Put([] {}));
  EXPECT_FALSE(mailbox.Put([] {}));
  EXPECT_EQ(mailbox.RunWaiting(), 3u);
  EXPECT_TRUE(mailbox.Put([] {}));
  mailbox.Clear();
  EXPECT_TRUE(mailbox.Put([] {}));
}

TEST(MailboxTest, WhatTasksPutWaitsForTheNextTimeAndAsksForAWakeUp) {
  Mailbox mailbox;
  std::string log;
  EXPECT_TRUE(mailbox.Put([&] {
    log += "a";
    EXPECT_TRUE(mailbox.Put([&] { log += "c"; }));
  }));
  EXPECT_FALSE(mailbox.Put([&] { log += "b"; }));
  EXPECT_EQ(mailbox.RunWaiting(), 2u);
  EXPECT_EQ(log, "ab");
  EXPECT_FALSE(mailbox.empty());
  EXPECT_EQ(mailbox.RunWaiting(), 1u);
  EXPECT_EQ(log, "abc");
  EXPECT_TRUE(mailbox.empty());
  EXPECT_EQ(mailbox.RunWaiting(), 0u);
}

TEST(MailboxTest, WhatATaskOwnsIsGoneBeforeTheNextRuns) {
  Mailbox mailbox;
  auto token = std::make_shared<int>(0);
  long seen = 0;
  static_cast<void>(mailbox.Put([token] {}));
  static_cast<void>(mailbox.Put([&] { seen = token.use_count(); }));
  mailbox.RunWaiting();
  EXPECT_EQ(seen, 1);
}

TEST(MailboxTest, ManyTasksLeaveItUsable) {
  Mailbox mailbox;
  int ran = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20'000; ++i) static_cast<void>(mailbox.Put([&] { ++ran; }));
    mailbox.RunWaiting();
  }
  EXPECT_EQ(ran, 60'000);
}

}  // namespace
}  // namespace sipcm::event
