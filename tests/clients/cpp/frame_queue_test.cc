#include "clients/cpp/frame_queue.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace sipcm::client {
namespace {

TEST(FrameQueueTest, AFrameTakes64ItemsOr64Kilobytes) {
  FrameQueue queue;
  for (int i = 0; i < 65; ++i) queue.Add(10)->add_responses();
  EXPECT_TRUE(queue.has_full_frame());
  EXPECT_EQ(queue.Pop()->get()->responses_size(), 64);
  EXPECT_EQ(queue.Pop()->get()->responses_size(), 1);
  EXPECT_TRUE(queue.empty());
  for (int i = 0; i < 4; ++i) queue.Add(30'000)->add_responses();
  EXPECT_EQ(queue.Pop()->get()->responses_size(), 3);
}

TEST(FrameQueueTest, NothingJoinsAFrameThatWasTaken) {
  FrameQueue queue;
  queue.Add(10)->add_responses();
  queue.Pop();
  queue.Add(10)->add_responses();
  EXPECT_EQ(queue.Pop()->get()->responses_size(), 1);
}

TEST(FrameQueueTest, TheOpeningFrameGoesFirstAndAlone) {
  FrameQueue queue;
  v1::ApplicationFrame open;
  open.mutable_open()->set_application_name("test");
  queue.PushFront(open);
  queue.Add(10)->add_responses();
  EXPECT_TRUE(queue.Pop()->get()->has_open());
  EXPECT_FALSE(queue.Pop()->get()->has_open());
  queue.Add(10)->add_requests();
  queue.PushFront(open);
  EXPECT_TRUE(queue.Pop()->get()->has_open());
}

TEST(FrameQueueTest, AFrameUsedAgainIsEmpty) {
  FrameQueue queue;
  queue.Add(10)->add_responses()->set_request_id("1");
  queue.Recycle(queue.Pop());
  queue.Add(10)->add_responses();
  const auto frame = queue.Pop();
  ASSERT_EQ(frame->get()->responses_size(), 1);
  EXPECT_EQ(frame->get()->responses(0).request_id(), "");
}

}  // namespace
}  // namespace sipcm::client
