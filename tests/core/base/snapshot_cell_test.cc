#include "core/base/snapshot_cell.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace sipcm {
namespace {

TEST(SnapshotCellTest, ReaderSeesTheFirstValueAndThenEachNewOne) {
  SnapshotCell<int> cell(std::make_shared<const int>(1));
  SnapshotCell<int>::Reader reader(&cell);
  EXPECT_EQ(*reader.Get(), 1);
  cell.Publish(std::make_shared<const int>(2));
  EXPECT_EQ(*reader.Get(), 2);
  EXPECT_EQ(*cell.Get(), 2);
}

TEST(SnapshotCellTest, ReaderMadeLateSeesTheLatestValue) {
  SnapshotCell<int> cell(std::make_shared<const int>(1));
  cell.Publish(std::make_shared<const int>(2));
  SnapshotCell<int>::Reader reader(&cell);
  EXPECT_EQ(*reader.Get(), 2);
}

TEST(SnapshotCellTest, ReaderSkipsWhatWasReplacedBeforeItLooked) {
  SnapshotCell<int> cell(std::make_shared<const int>(0));
  SnapshotCell<int>::Reader reader(&cell);
  for (int i = 1; i <= 100; ++i) cell.Publish(std::make_shared<const int>(i));
  EXPECT_EQ(*reader.Get(), 100);
}

TEST(SnapshotCellTest, ReaderGivesTheSameObjectWhileNothingChanged) {
  SnapshotCell<int> cell(std::make_shared<const int>(1));
  SnapshotCell<int>::Reader reader(&cell);
  const int* first = reader.Get().get();
  EXPECT_EQ(reader.Get().get(), first);
  EXPECT_EQ(cell.Get().get(), first);
}

TEST(SnapshotCellTest, EachReaderLooksForItself) {
  SnapshotCell<int> cell(std::make_shared<const int>(1));
  SnapshotCell<int>::Reader quick(&cell), slow(&cell);
  cell.Publish(std::make_shared<const int>(2));
  EXPECT_EQ(*quick.Get(), 2);
  cell.Publish(std::make_shared<const int>(3));
  EXPECT_EQ(*slow.Get(), 3);
  EXPECT_EQ(*quick.Get(), 3);
}

TEST(SnapshotCellTest, AnEditChangesACopyOfWhatAReaderHas) {
  SnapshotCell<int> cell(std::make_shared<const int>(1));
  SnapshotCell<int>::Reader reader(&cell);
  const std::shared_ptr<const int> had = reader.Get();
  const auto add = [](int* value) {
    ++*value;
    return absl::OkStatus();
  };
  ASSERT_TRUE(cell.Edit(add).ok());
  EXPECT_EQ(*had, 1);
  const std::shared_ptr<const int> second = reader.Get();
  EXPECT_EQ(*second, 2);
  ASSERT_TRUE(cell.Edit(add).ok());
  const std::shared_ptr<const int> third = cell.Get();
  ASSERT_TRUE(cell.Edit(add).ok());
  EXPECT_EQ(*second, 2);
  EXPECT_EQ(*third, 3);
  EXPECT_EQ(*reader.Get(), 4);
}

TEST(SnapshotCellTest, EditsThatNobodySawBetweenAreOneObject) {
  SnapshotCell<int> cell(std::make_shared<const int>(1));
  std::vector<const int*> edited;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(cell.Edit([&](int* value) {
                      edited.push_back(value);
                      ++*value;
                      return absl::OkStatus();
                    })
                    .ok());
    EXPECT_EQ(cell.Look([](const int& value) { return value; }), i + 2);
  }
  EXPECT_EQ(edited[1], edited[0]);
  EXPECT_EQ(edited[2], edited[0]);
  cell.Publish(std::make_shared<const int>(10));
  ASSERT_TRUE(cell.Edit([&](int* value) {
                    EXPECT_EQ(*value, 10);
                    *value = 11;
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(*cell.Get(), 11);
}

TEST(SnapshotCellTest, AnEditThatFailsIsNotSeen) {
  SnapshotCell<int> cell(std::make_shared<const int>(1));
  SnapshotCell<int>::Reader reader(&cell);
  const int* const before = reader.Get().get();
  EXPECT_EQ(cell.Edit([](int*) { return absl::InvalidArgumentError("no"); }).message(), "no");
  EXPECT_EQ(reader.Get().get(), before);
}

TEST(SnapshotCellTest, OldValueLivesUntilItsLastReaderLooksAgain) {
  auto old = std::make_shared<const int>(1);
  const std::weak_ptr<const int> watched = old;
  SnapshotCell<int> cell(std::move(old));
  SnapshotCell<int>::Reader reader(&cell);
  cell.Publish(std::make_shared<const int>(2));
  EXPECT_FALSE(watched.expired());
  reader.Get();
  EXPECT_TRUE(watched.expired());
}

TEST(SnapshotCellTest, AHeldValueOutlivesTheCell) {
  std::shared_ptr<const int> held;
  {
    SnapshotCell<int> cell(std::make_shared<const int>(5));
    held = cell.Get();
  }
  EXPECT_EQ(*held, 5);
}

// A value whose parts must agree: a reader that saw half of it would notice.
struct Pair {
  int number;
  int negative;
};

TEST(SnapshotCellTest, ThreadsSeeWholeValuesThatNeverGoBack) {
  constexpr int kPublications = 2000;
  SnapshotCell<Pair> cell(std::make_shared<const Pair>(Pair{0, 0}));
  std::atomic<int> published{0};
  std::atomic<bool> failed{false};
  std::vector<std::thread> readers;
  readers.reserve(3);
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      SnapshotCell<Pair>::Reader reader(&cell);
      int last = 0;
      while (last < kPublications) {
        const int before = published.load();
        const Pair& pair = *reader.Get();
        // What was published before Get() is seen by it.
        if (pair.number != -pair.negative || pair.number < last || pair.number < before) {
          failed = true;
          return;
        }
        last = pair.number;
      }
    });
  }
  for (int i = 1; i <= kPublications; ++i) {
    cell.Publish(std::make_shared<const Pair>(Pair{i, -i}));
    published.store(i);
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_FALSE(failed);
}

// The publisher looks at a flag after it has published; the reader looks at the value after it has
// raised the flag. At least one must see the other (SubscriptionGroup relies on it).
TEST(SnapshotCellTest, PublisherAndReaderCannotBothMissEachOther) {
  for (int round = 0; round < 200; ++round) {
    SnapshotCell<int> cell(std::make_shared<const int>(0));
    SnapshotCell<int>::Reader reader(&cell);
    std::atomic<bool> flag{false};
    std::atomic<int> ready{0};
    bool flag_seen = false;
    int value_seen = 0;
    std::thread publisher([&] {
      auto value = std::make_shared<const int>(1);
      ++ready;
      while (ready < 2) std::this_thread::yield();
      cell.Publish(std::move(value));
      flag_seen = flag.load(std::memory_order_seq_cst);
    });
    ++ready;
    while (ready < 2) std::this_thread::yield();
    flag.store(true, std::memory_order_seq_cst);
    value_seen = *reader.Get();
    publisher.join();
    ASSERT_TRUE(flag_seen || value_seen == 1) << "round " << round;
  }
}

}  // namespace
}  // namespace sipcm
