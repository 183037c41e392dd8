#include "core/base/byte_queue.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "core/base/random_source.h"

namespace sipcm {
namespace {

TEST(ByteQueueTest, GivesBackWhatWasAppendedInOrder) {
  ByteQueue queue(100);
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(queue.Append("hello "));
  EXPECT_TRUE(queue.Append("world"));
  EXPECT_EQ(queue.front(), "hello world");
  queue.Consume(6);
  EXPECT_EQ(queue.front(), "world");
  EXPECT_EQ(queue.size(), 5u);
  queue.Consume(5);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.front(), "");
}

TEST(ByteQueueTest, TakesBytesUpToTheLimitAndThenAllOrNothing) {
  ByteQueue queue(10);
  EXPECT_TRUE(queue.Append("0123456789"));
  EXPECT_FALSE(queue.Append("x"));
  queue.Consume(3);
  EXPECT_FALSE(queue.Append("abcd"));
  EXPECT_EQ(queue.front(), "3456789");
  EXPECT_TRUE(queue.Append("abc"));
  EXPECT_EQ(queue.front(), "3456789abc");
  EXPECT_FALSE(ByteQueue(10).Append(std::string(11, 'x')));
}

TEST(ByteQueueTest, BuilderWritesAtTheTailAndMayBeTakenBack) {
  ByteQueue queue(10);
  ASSERT_TRUE(queue.Append("abcdef"));
  queue.Consume(2);
  const size_t before = queue.size();
  queue.tail()->append("123");
  EXPECT_EQ(queue.front(), "cdef123");
  EXPECT_FALSE(queue.is_over_limit());
  queue.tail()->append("45678");
  EXPECT_TRUE(queue.is_over_limit());
  queue.TruncateTo(before);
  EXPECT_EQ(queue.front(), "cdef");
}

TEST(ByteQueueTest, HoldsNoHeapBeforeItsFirstByteAndNoneWhenEmptyAfterItWasLarge) {
  ByteQueue queue(1 << 20);
  EXPECT_EQ(queue.capacity(), 0u);
  ASSERT_TRUE(queue.Append(std::string(ByteQueue::kKeptCapacity + 1, 'x')));
  EXPECT_GT(queue.capacity(), ByteQueue::kKeptCapacity);
  queue.Consume(queue.size());
  EXPECT_EQ(queue.capacity(), 0u);
}

TEST(ByteQueueTest, KeepsASmallBufferUntilReleased) {
  ByteQueue queue(1 << 20);
  ASSERT_TRUE(queue.Append(std::string(500, 'x')));
  queue.Release();  // not empty: nothing happens
  EXPECT_EQ(queue.size(), 500u);
  queue.Consume(500);
  EXPECT_GT(queue.capacity(), 0u);
  EXPECT_LE(queue.capacity(), ByteQueue::kKeptCapacity);
  queue.Release();
  EXPECT_EQ(queue.capacity(), 0u);
}

TEST(ByteQueueTest, NeverRunningEmptyItStaysWithinAFewTimesItsLimit) {
  ByteQueue queue(1000);
  SeededRandomSource random(3);
  std::deque<char> model;
  char next = 0;
  for (int step = 0; step < 50'000; ++step) {
    std::string bytes(random.Next() % 200, '\0');
    for (char& byte : bytes) byte = next++;
    if (queue.Append(bytes)) {
      model.insert(model.end(), bytes.begin(), bytes.end());
    } else {
      next = static_cast<char>(next - static_cast<char>(bytes.size()));
    }
    const size_t count = queue.size() < 2 ? 0 : random.Next() % (queue.size() - 1);
    ASSERT_EQ(std::string(queue.front().substr(0, count)),
              std::string(model.begin(), model.begin() + count));
    queue.Consume(count);
    model.erase(model.begin(), model.begin() + count);
    ASSERT_EQ(queue.size(), model.size());
    ASSERT_LE(queue.capacity(), 4000u);
  }
}

}  // namespace
}  // namespace sipcm
