#include "core/dispatch/open_request.h"

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipcm::dispatch {
namespace {

using ::testing::HasSubstr;

// Draws the same number for ever: the worst that chance can do.
class ConstantSource final : public RandomSource {
 public:
  uint64_t Next() override { return 42; }
};

TEST(RequestIdTest, HoldsItsPartsAtTheirLimits) {
  const RequestId id(63, RequestId::kMaxSlots - 1, 0xfffffffff);
  EXPECT_EQ(id.worker(), 63);
  EXPECT_EQ(id.slot(), RequestId::kMaxSlots - 1);
  EXPECT_EQ(id.value(), ~uint64_t{0});
  const RequestId other(5, 77, 1);
  EXPECT_EQ(other.worker(), 5);
  EXPECT_EQ(other.slot(), 77u);
}

TEST(RequestIdTest, ALongNonceDoesNotSpillIntoTheSlot) {
  const RequestId id(1, 2, ~uint64_t{0});
  EXPECT_EQ(id.worker(), 1);
  EXPECT_EQ(id.slot(), 2u);
}

TEST(RequestIdTest, TextRoundTrips) {
  for (const uint64_t value : {uint64_t{0}, uint64_t{1}, uint64_t{0xabcdef}, ~uint64_t{0}}) {
    const RequestId id = RequestId::FromValue(value);
    EXPECT_EQ(id.ToString().size(), 16u);
    RequestId parsed;
    ASSERT_TRUE(RequestId::Parse(id.ToString(), &parsed));
    EXPECT_EQ(parsed, id);
  }
}

TEST(RequestIdTest, OnlyTheCanonicalTextIsAnId) {
  for (const char* text : {"", "1", "000000000000000", "00000000000000001", "000000000000000g",
                           "00000000DEADBEEF", "0x00000000000001", " 000000000000001",
                           "+000000000000001", "-000000000000001", "00000000 0000001"}) {
    RequestId id = RequestId::FromValue(7);
    EXPECT_FALSE(RequestId::Parse(text, &id)) << '"' << text << '"';
    EXPECT_EQ(id, RequestId::FromValue(7)) << '"' << text << '"';
  }
}

class OpenRequestTableTest : public ::testing::Test {
 protected:
  ~OpenRequestTableTest() override {
    std::vector<OpenRequest*> open;
    table_.ForEach([&](OpenRequest& request) { open.push_back(&request); });
    for (OpenRequest* request : open) table_.Close(request, Ending::kAnswered);
  }
  RequestId OpenAndClose(Ending ending = Ending::kAnswered) {
    OpenRequest* request = table_.Open();
    const RequestId id = request->id;
    table_.Close(request, ending);
    return id;
  }
  std::string ReasonFor(RequestId id) { return ReasonOf(table_.WhyNotOpen(id)); }

  SeededRandomSource random_{1};
  OpenRequestTable table_{9, &random_};
};

TEST_F(OpenRequestTableTest, FindsWhatIsOpenByItsId) {
  OpenRequest* a = table_.Open();
  OpenRequest* b = table_.Open();
  EXPECT_EQ(table_.size(), 2u);
  EXPECT_NE(a->id, b->id);
  EXPECT_EQ(a->id.worker(), 9);
  EXPECT_EQ(table_.Find(a->id), a);
  EXPECT_EQ(table_.Find(b->id), b);
}

TEST_F(OpenRequestTableTest, AWrongNonceWorkerOrSlotFindsNothing) {
  const uint64_t value = table_.Open()->id.value();
  EXPECT_EQ(table_.Find(RequestId::FromValue(value ^ 2)), nullptr);
  EXPECT_EQ(table_.Find(RequestId::FromValue(value ^ (uint64_t{1} << 58))), nullptr);
  EXPECT_EQ(table_.Find(RequestId::FromValue(value ^ (uint64_t{1} << 40))), nullptr);
  EXPECT_EQ(table_.Find(RequestId()), nullptr);
}

TEST_F(OpenRequestTableTest, EachEndingIsToldToALateAnswer) {
  struct Case {
    Ending ending;
    const char* reason;
  };
  for (const Case& c :
       {Case{Ending::kAnswered, "REQUEST_ALREADY_ANSWERED"},
        Case{Ending::kExpired, "REQUEST_EXPIRED"}, Case{Ending::kCancelled, "REQUEST_CANCELLED"},
        Case{Ending::kUndeliverable, "REQUEST_ALREADY_ANSWERED"}}) {
    const RequestId id = OpenAndClose(c.ending);
    EXPECT_EQ(table_.Find(id), nullptr);
    const absl::Status why = table_.WhyNotOpen(id);
    EXPECT_EQ(why.code(), absl::StatusCode::kFailedPrecondition) << c.reason;
    EXPECT_EQ(ReasonOf(why), c.reason);
    EXPECT_THAT(std::string(why.message()), HasSubstr("\"" + id.ToString() + "\""));
  }
}

TEST_F(OpenRequestTableTest, WhatNeverWasIsNotFound) {
  const RequestId id = OpenAndClose();
  for (const uint64_t value : {id.value() ^ 2, id.value() ^ (uint64_t{1} << 50), ~uint64_t{0}}) {
    const absl::Status why = table_.WhyNotOpen(RequestId::FromValue(value));
    EXPECT_EQ(why.code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(ReasonOf(why), "REQUEST_NOT_FOUND");
  }
}

TEST_F(OpenRequestTableTest, TheIdOfNothingIsNotFoundEvenBesideFreshSlots) {
  OpenRequestTable first(0, &random_);
  OpenRequest* request = first.Open();  // slot 0 of worker 0 has remembered nothing yet
  EXPECT_EQ(first.Find(RequestId()), nullptr);
  EXPECT_EQ(ReasonOf(first.WhyNotOpen(RequestId())), "REQUEST_NOT_FOUND");
  first.Close(request, Ending::kAnswered);
  EXPECT_EQ(ReasonOf(first.WhyNotOpen(RequestId())), "REQUEST_NOT_FOUND");
}

TEST_F(OpenRequestTableTest, TheLast4096EndedAreRemembered) {
  const RequestId first = OpenAndClose(Ending::kExpired);
  for (int i = 0; i < 4095; ++i) OpenAndClose();
  EXPECT_EQ(ReasonFor(first), "REQUEST_EXPIRED");
  for (int i = 0; i < 4096; ++i) OpenAndClose();
  EXPECT_EQ(ReasonFor(first), "REQUEST_NOT_FOUND");
}

TEST_F(OpenRequestTableTest, TheyAreRememberedAlsoWhileThousandsAreOpen) {
  for (int i = 0; i < 5000; ++i) table_.Open();
  const RequestId first = OpenAndClose(Ending::kCancelled);
  for (int i = 0; i < 4095; ++i) OpenAndClose();
  EXPECT_EQ(ReasonFor(first), "REQUEST_CANCELLED");
}

TEST_F(OpenRequestTableTest, SlotsAreReusedSoThatMemoryDoesNotGrow) {
  std::set<uint32_t> slots;
  for (int i = 0; i < 50'000; ++i) slots.insert(OpenAndClose().slot());
  EXPECT_LE(slots.size(), 4200u);
}

TEST_F(OpenRequestTableTest, AReusedSlotNeverAnswersForItsFormerRequest) {
  std::deque<RequestId> ended;
  for (int i = 0; i < 20'000; ++i) {
    OpenRequest* request = table_.Open();
    for (size_t back = 1; back <= 3 && back * 4097 <= ended.size(); ++back) {
      ASSERT_EQ(table_.Find(ended[ended.size() - back * 4097]), nullptr);
    }
    ended.push_back(request->id);
    table_.Close(request, Ending::kAnswered);
  }
}

TEST_F(OpenRequestTableTest, ARenewedRequestIsFoundByItsNewIdOnly) {
  OpenRequest* request = table_.Open();
  const RequestId old = request->id;
  table_.Renew(request);
  EXPECT_NE(request->id, old);
  EXPECT_EQ(request->id.slot(), old.slot());
  EXPECT_EQ(table_.Find(request->id), request);
  EXPECT_EQ(table_.Find(old), nullptr);
  EXPECT_EQ(table_.WhyNotOpen(old).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(table_.WhyNotOpen(old)), "REQUEST_NOT_YOURS");
  const RequestId renewed = request->id;
  table_.Close(request, Ending::kAnswered);
  EXPECT_EQ(ReasonOf(table_.WhyNotOpen(renewed)), "REQUEST_ALREADY_ANSWERED");
  EXPECT_EQ(ReasonOf(table_.WhyNotOpen(old)), "REQUEST_NOT_FOUND");
}

TEST(OpenRequestTableChanceTest, AReusedSlotGetsAnotherIdEvenFromAConstantSource) {
  ConstantSource constant;
  OpenRequestTable table(0, &constant);
  std::map<uint32_t, RequestId> last;
  for (int i = 0; i < 10'000; ++i) {
    OpenRequest* request = table.Open();
    const RequestId id = request->id;
    ASSERT_EQ(table.Find(id), request);
    if (auto found = last.find(id.slot()); found != last.end()) {
      ASSERT_NE(found->second, id);
      ASSERT_EQ(table.Find(found->second), nullptr);
    }
    last[id.slot()] = id;
    table.Close(request, Ending::kAnswered);
  }
}

TEST_F(OpenRequestTableTest, ForEachSeesExactlyWhatIsOpen) {
  OpenRequest* a = table_.Open();
  OpenRequest* b = table_.Open();
  OpenRequest* c = table_.Open();
  table_.Close(b, Ending::kAnswered);
  std::set<OpenRequest*> seen;
  table_.ForEach([&](OpenRequest& request) { seen.insert(&request); });
  EXPECT_EQ(seen, (std::set<OpenRequest*>{a, c}));
}

TEST(OpenRequestTableDeathTest, NothingMayBeOpenAtItsEnd) {
  EXPECT_DEATH(
      {
        SeededRandomSource random(1);
        OpenRequestTable table(0, &random);
        table.Open();
      },
      "requests are open");
}

}  // namespace
}  // namespace sipcm::dispatch
