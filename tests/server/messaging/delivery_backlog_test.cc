#include "server/messaging/delivery_backlog.h"

#include <gtest/gtest.h>

#include "tests/server/messaging/test_deliveries.h"

namespace sipcm::server {
namespace {

using Kind = dispatch::Delivery::Kind;

constexpr size_t kNoLimit = 1 << 20;

std::vector<dispatch::Delivery> Notices(Kind kind, uint64_t first, int count) {
  std::vector<dispatch::Delivery> batch;
  for (int i = 0; i < count; ++i) batch.push_back(MakeNotice(kind, first + i));
  return batch;
}

std::vector<BacklogItem> TakeAll(DeliveryBacklog& backlog) {
  std::vector<BacklogItem> items;
  backlog.Take(kNoLimit, kNoLimit * 1000, &items);
  return items;
}

TEST(DeliveryBacklogTest, GivesItemsInTheOrderTheyCame) {
  DeliveryBacklog backlog;
  backlog.Add({}, MakeDeliveries(1, 3));
  backlog.Add({}, MakeDeliveries(4, 2));
  std::vector<BacklogItem> items;
  backlog.Take(4, kNoLimit, &items);
  backlog.Add({}, MakeDeliveries(6, 1));
  backlog.Take(4, kNoLimit, &items);
  ASSERT_EQ(items.size(), 6u);
  for (size_t i = 0; i < items.size(); ++i) {
    EXPECT_EQ(items[i].delivery.request_id, TestRequestId(i + 1));
  }
  EXPECT_TRUE(backlog.empty());
}

TEST(DeliveryBacklogTest, TakesAtLeastOneItemHoweverLargeItIs) {
  DeliveryBacklog backlog;
  backlog.Add({}, MakeDeliveries(1, 3, SipRequestText("MESSAGE", std::string(5000, 'x'))));
  std::vector<BacklogItem> items;
  backlog.Take(10, 1000, &items);
  EXPECT_EQ(items.size(), 1u);
  backlog.Take(10, 6000, &items);
  EXPECT_EQ(items.size(), 3u);  // the second is within the bound, the third passes it
}

TEST(DeliveryBacklogTest, ExpiredUnreadRequestsMakeRoomAndAreToldAsOneGap) {
  DeliveryBacklog backlog;
  backlog.Add({.subscription_id = 7}, MakeDeliveries(1, 40));
  backlog.Add({.subscription_id = 7}, Notices(Kind::kCancelled, 1, 10));
  backlog.Add({.subscription_id = 7}, Notices(Kind::kExpired, 1, 30));
  EXPECT_EQ(backlog.dropped_count(), 30u);
  const std::vector<BacklogItem> items = TakeAll(backlog);
  ASSERT_EQ(items.size(), 11u);  // ten live requests, one gap
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(items[i].delivery.request_id, TestRequestId(31 + i));
  }
  ASSERT_NE(items[10].notice, nullptr);
  EXPECT_EQ(items[10].notice->gap().lost_count(), 30);
  EXPECT_EQ(items[10].notice->subscription_id(), 7);
}

TEST(DeliveryBacklogTest, TheExpiryOfARequestThatWasReadIsKept) {
  DeliveryBacklog backlog;
  backlog.Add({}, MakeDeliveries(1, 1));
  TakeAll(backlog);
  backlog.Add({}, MakeDeliveries(2, 70));
  backlog.Add({}, Notices(Kind::kExpired, 1, 1));
  const std::vector<BacklogItem> items = TakeAll(backlog);
  ASSERT_EQ(items.size(), 71u);
  EXPECT_EQ(items.back().delivery.kind, Kind::kExpired);
}

TEST(DeliveryBacklogTest, StaysBoundedWhileAReaderSleepsThroughManyRounds) {
  constexpr int kCredit = 100;
  DeliveryBacklog backlog;
  for (int round = 0; round < 200; ++round) {
    const uint64_t first = 1 + round * kCredit;
    backlog.Add({}, MakeDeliveries(first, kCredit));
    backlog.Add({}, Notices(Kind::kExpired, first, kCredit));
    ASSERT_LE(backlog.size(), 8u * kCredit);
  }
  EXPECT_GT(backlog.dropped_count(), 199u * kCredit - 8 * kCredit);
}

TEST(DeliveryBacklogTest, HeavyRequestsMakeRoomAsSoonAsTheyExpire) {
  DeliveryBacklog backlog;
  backlog.Add({}, MakeDeliveries(1, 10, SipRequestText("MESSAGE", std::string(1 << 19, 'x'))));
  EXPECT_GT(backlog.bytes(), DeliveryBacklog::kSweepBytes);
  const size_t full = backlog.bytes();
  backlog.Add({}, Notices(Kind::kExpired, 1, 1));
  EXPECT_EQ(backlog.dropped_count(), 1u);
  EXPECT_LT(backlog.bytes(), full - (1 << 18));
  backlog.Add({}, Notices(Kind::kExpired, 2, 2));
  EXPECT_EQ(backlog.dropped_count(), 3u);
  EXPECT_LT(backlog.bytes(), DeliveryBacklog::kSweepBytes);
  backlog.Add({}, Notices(Kind::kExpired, 4, 1));
  EXPECT_EQ(backlog.dropped_count(), 3u);  // light: no need
}

TEST(DeliveryBacklogTest, BytesAreThoseOfWhatWaits) {
  DeliveryBacklog backlog;
  backlog.Add({.subscription_id = 1}, MakeDeliveries(1, 100));
  const size_t of_first = backlog.bytes();
  EXPECT_GT(of_first, 100 * SipRequestText().size());
  backlog.Add({.subscription_id = 2}, MakeDeliveries(101, 10));
  backlog.AddNotice({.subscription_id = 2}, v1::Delivery());
  backlog.Remove(2);
  EXPECT_EQ(backlog.bytes(), of_first);
  TakeAll(backlog);
  EXPECT_EQ(backlog.bytes(), 0u);
}

TEST(DeliveryBacklogTest, RemoveForgetsOneSubscriptionOnly) {
  DeliveryBacklog backlog;
  backlog.Add({.subscription_id = 1}, MakeDeliveries(1, 2));
  backlog.Add({.subscription_id = 2}, MakeDeliveries(3, 2));
  backlog.AddNotice({.subscription_id = 1}, v1::Delivery());
  backlog.Remove(1);
  const std::vector<BacklogItem> items = TakeAll(backlog);
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].format.subscription_id, 2);
}

}  // namespace
}  // namespace sipcm::server
