#include "core/dispatch/delivery/waiting_line.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/random_source.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/dispatch/test_request.h"

namespace sipcm::dispatch {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

class WaitingLineTest : public ::testing::Test {
 protected:
  ~WaitingLineTest() override {
    while (OpenRequest* request = First()) line_.Remove(request);
  }

  OpenRequest* Make(uint64_t ticket, const std::string& method = "MESSAGE") {
    auto request = std::make_unique<OpenRequest>();
    request->record = MakeRecord({.method = method});
    request->ticket = ticket;
    requests_.push_back(std::move(request));
    return requests_.back().get();
  }
  OpenRequest* First() {
    return line_.FindOldest([](const OpenRequest&) { return true; });
  }
  OpenRequest* FirstOf(absl::string_view wanted) {
    return line_.FindOldest(
        [&](const OpenRequest& request) { return request.record->view.method() == wanted; });
  }
  std::vector<uint64_t> TakeAll() {
    std::vector<uint64_t> tickets;
    while (OpenRequest* request = First()) {
      tickets.push_back(request->ticket);
      line_.Remove(request);
    }
    return tickets;
  }

  std::vector<std::unique_ptr<OpenRequest>> requests_;
  WaitingLine line_;
};

TEST_F(WaitingLineTest, StartsEmpty) {
  EXPECT_TRUE(line_.empty());
  EXPECT_EQ(line_.size(), 0u);
  EXPECT_EQ(First(), nullptr);
}

TEST_F(WaitingLineTest, ServesTheOldestOfAllMethods) {
  line_.Insert(Make(1, "INVITE"));
  line_.Insert(Make(2, "MESSAGE"));
  line_.Insert(Make(3, "INVITE"));
  line_.Insert(Make(4, "OPTIONS"));
  EXPECT_EQ(line_.size(), 4u);
  EXPECT_THAT(TakeAll(), ElementsAre(1, 2, 3, 4));
}

TEST_F(WaitingLineTest, FindsTheOldestOfTheMethodsThatAreTaken) {
  line_.Insert(Make(1, "INVITE"));
  OpenRequest* message = Make(2, "MESSAGE");
  line_.Insert(message);
  line_.Insert(Make(3, "MESSAGE"));
  EXPECT_EQ(FirstOf("MESSAGE"), message);
  EXPECT_EQ(FirstOf("message"), nullptr);
  EXPECT_EQ(FirstOf("BYE"), nullptr);
}

TEST_F(WaitingLineTest, AsksOncePerMethodAndNotPerRequest) {
  for (int i = 1; i <= 100; ++i) line_.Insert(Make(i, i % 2 == 0 ? "INVITE" : "MESSAGE"));
  std::vector<std::string> asked;
  line_.FindOldest([&](const OpenRequest& request) {
    asked.emplace_back(request.record->view.method());
    return false;
  });
  EXPECT_THAT(asked, UnorderedElementsAre("MESSAGE", "INVITE"));
}

TEST_F(WaitingLineTest, AnOldTicketGoesToItsPlace) {
  for (const uint64_t ticket : {5, 7, 9}) line_.Insert(Make(ticket));
  line_.Insert(Make(3));
  line_.Insert(Make(8));
  line_.Insert(Make(4, "INVITE"));
  EXPECT_THAT(TakeAll(), ElementsAre(3, 4, 5, 7, 8, 9));
}

TEST_F(WaitingLineTest, RemovesFromTheMiddle) {
  line_.Insert(Make(1));
  OpenRequest* middle = Make(2);
  line_.Insert(middle);
  line_.Insert(Make(3));
  line_.Remove(middle);
  EXPECT_EQ(line_.size(), 2u);
  EXPECT_THAT(TakeAll(), ElementsAre(1, 3));
}

TEST_F(WaitingLineTest, ManyUnknownMethodsComeAndGo) {
  for (int round = 0; round < 3; ++round) {
    std::vector<OpenRequest*> waiting;
    for (int i = 0; i < 50; ++i) {
      waiting.push_back(Make(1 + round * 100 + i, absl::StrCat("X-", i)));
      line_.Insert(waiting.back());
    }
    for (int i = 0; i < 50; i += 2) line_.Remove(waiting[i]);
    EXPECT_EQ(line_.size(), 25u);
    for (int i = 1; i < 50; i += 2) EXPECT_EQ(FirstOf(absl::StrCat("X-", i)), waiting[i]);
    EXPECT_EQ(TakeAll().size(), 25u);
    // Their lines do not stay for ever.
    int asked = 0;
    line_.Insert(Make(1000));
    line_.FindOldest([&](const OpenRequest&) { return ++asked, false; });
    EXPECT_EQ(asked, 1);
    TakeAll();
  }
}

TEST_F(WaitingLineTest, StaysInOrderUnderRandomUse) {
  SeededRandomSource random(11);
  const std::string methods[] = {"INVITE", "MESSAGE", "OPTIONS"};
  std::vector<OpenRequest*> waiting;
  for (int step = 0; step < 2000; ++step) {
    if (random.Next() % 5 < 3) {
      // Tickets are unique; old ones come back now and then.
      OpenRequest* request = Make((random.Next() % 1000) * 10'000 + step, methods[step % 3]);
      line_.Insert(request);
      waiting.push_back(request);
    } else if (!waiting.empty()) {
      const size_t at = random.Next() % waiting.size();
      line_.Remove(waiting[at]);
      waiting.erase(waiting.begin() + at);
    }
    ASSERT_EQ(line_.size(), waiting.size());
    for (const std::string& method : methods) {
      OpenRequest* oldest = nullptr;
      for (OpenRequest* request : waiting) {
        if (request->record->view.method() != method) continue;
        if (oldest == nullptr || request->ticket < oldest->ticket) oldest = request;
      }
      ASSERT_EQ(FirstOf(method), oldest);
    }
  }
  const std::vector<uint64_t> tickets = TakeAll();
  EXPECT_TRUE(std::is_sorted(tickets.begin(), tickets.end()));
}

}  // namespace
}  // namespace sipcm::dispatch
