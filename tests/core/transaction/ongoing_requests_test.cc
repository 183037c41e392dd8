#include "core/transaction/ongoing_requests.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "tests/core/dispatch/test_request.h"

namespace sipcm::transaction {
namespace {

using dispatch::ParsedText;
using dispatch::TestRequest;
using Entry = OngoingRequests::Entry;

uint64_t FingerprintOf(const OngoingRequests& ongoing, const TestRequest& request,
                       const std::string& endpoint = "alice") {
  return ongoing.FingerprintOf(ParsedText(request).view, endpoint);
}

TEST(OngoingRequestsTest, TheSecondCopyIsMergedUntilTheFirstLeaves) {
  OngoingRequests ongoing(1);
  EXPECT_EQ(ongoing.Enter(42), Entry::kEntered);
  EXPECT_EQ(ongoing.Enter(42), Entry::kMerged);
  EXPECT_EQ(ongoing.Enter(43), Entry::kEntered);
  ongoing.Leave(42);
  EXPECT_EQ(ongoing.Enter(42), Entry::kEntered);
}

TEST(OngoingRequestsTest, ACopyIsFoundBehindPlacesThatBecameFree) {
  OngoingRequests ongoing(1);
  const uint64_t first = 7;
  const uint64_t second = 7 + OngoingRequests::kSlots;  // the same place
  EXPECT_EQ(ongoing.Enter(first), Entry::kEntered);
  EXPECT_EQ(ongoing.Enter(second), Entry::kEntered);
  ongoing.Leave(first);
  EXPECT_EQ(ongoing.Enter(second), Entry::kMerged);
  ongoing.Leave(second);
  EXPECT_EQ(ongoing.Enter(second), Entry::kEntered);
}

TEST(OngoingRequestsTest, WhereThereIsNoRoomItSaysSoAndForgetsNobody) {
  OngoingRequests ongoing(1);
  const auto nth = [](uint64_t i) { return 7 + i * OngoingRequests::kSlots; };
  for (uint64_t i = 0; i < OngoingRequests::kProbes; ++i) {
    EXPECT_EQ(ongoing.Enter(nth(i)), Entry::kEntered);
  }
  EXPECT_EQ(ongoing.Enter(nth(OngoingRequests::kProbes)), Entry::kNoRoom);
  EXPECT_EQ(ongoing.Enter(nth(3)), Entry::kMerged);
  ongoing.Leave(nth(3));
  EXPECT_EQ(ongoing.Enter(nth(OngoingRequests::kProbes)), Entry::kEntered);
}

TEST(OngoingRequestsTest, TheFingerprintIsOfWhatCopiesShareAndOfWhomTheyAreFor) {
  const OngoingRequests ongoing(1);
  const TestRequest request;
  const uint64_t print = FingerprintOf(ongoing, request);
  EXPECT_NE(print, 0u);
  TestRequest other = request;
  other.via = "SIP/2.0/TCP elsewhere;branch=z9hG4bKx";
  other.uri = "sip:alice@192.0.2.7";
  EXPECT_EQ(FingerprintOf(ongoing, other), print);
  other = request;
  other.call_id = "another@call";
  EXPECT_NE(FingerprintOf(ongoing, other), print);
  other = request;
  other.cseq = 2;
  EXPECT_NE(FingerprintOf(ongoing, other), print);
  other = request;
  other.from = "<sip:bob@example.net>;tag=f2";
  EXPECT_NE(FingerprintOf(ongoing, other), print);
  other = request;
  other.to = "<sip:alice@example.com>;tag=t1";
  EXPECT_NE(FingerprintOf(ongoing, other), print);
  other = request;
  other.method = "OPTIONS";
  EXPECT_NE(FingerprintOf(ongoing, other), print);
  EXPECT_NE(FingerprintOf(ongoing, request, "bob"), print);
  // Peers cannot foresee it.
  EXPECT_NE(FingerprintOf(OngoingRequests(2), request), print);
}

TEST(OngoingRequestsTest, OfCopiesThatComeToSeveralThreadsAtOnceOneIsFirst) {
  OngoingRequests ongoing(1);
  constexpr int kRounds = 2000;
  constexpr int kThreads = 4;
  std::atomic<int> entered[kRounds] = {};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        if (ongoing.Enter(1000 + round) == Entry::kEntered) entered[round].fetch_add(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int round = 0; round < kRounds; ++round) EXPECT_EQ(entered[round], 1) << round;
}

}  // namespace
}  // namespace sipcm::transaction
