#include "core/base/intrusive_list.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

#include "core/base/random_source.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipcm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct ByAge;
struct ByName;

struct Item : ListHook<ByAge>, ListHook<ByName> {
  explicit Item(int value) : value(value) {}
  bool in_age_list() const { return ListHook<ByAge>::is_linked(); }
  int value;
};

using AgeList = IntrusiveList<Item, ByAge>;
using NameList = IntrusiveList<Item, ByName>;

template <typename List>
std::vector<int> Values(List& list) {
  std::vector<int> values;
  for (Item* item = list.front(); item != nullptr; item = list.Next(item)) {
    values.push_back(item->value);
  }
  return values;
}

template <typename List>
void Empty(List& list) {
  while (list.PopFront() != nullptr) {
  }
}

TEST(IntrusiveListTest, EmptyHasNoFrontAndNoBack) {
  AgeList list;
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.size(), 0u);
  EXPECT_EQ(list.front(), nullptr);
  EXPECT_EQ(list.back(), nullptr);
  EXPECT_EQ(list.PopFront(), nullptr);
}

TEST(IntrusiveListTest, KeepsTheOrderOfBothEnds) {
  Item one(1), two(2), three(3);
  AgeList list;
  list.PushBack(&two);
  list.PushBack(&three);
  list.PushFront(&one);
  EXPECT_THAT(Values(list), ElementsAre(1, 2, 3));
  EXPECT_EQ(list.front(), &one);
  EXPECT_EQ(list.back(), &three);
  EXPECT_EQ(list.size(), 3u);
  Empty(list);
}

TEST(IntrusiveListTest, InsertsBeforeTheFrontAndInTheMiddle) {
  Item one(1), two(2), three(3);
  AgeList list;
  list.PushBack(&three);
  list.InsertBefore(&one, &three);
  list.InsertBefore(&two, &three);
  EXPECT_THAT(Values(list), ElementsAre(1, 2, 3));
  Empty(list);
}

TEST(IntrusiveListTest, RemovesFromFrontMiddleAndBack) {
  Item items[] = {Item(0), Item(1), Item(2), Item(3), Item(4)};
  AgeList list;
  for (Item& item : items) list.PushBack(&item);
  list.Remove(&items[2]);
  EXPECT_THAT(Values(list), ElementsAre(0, 1, 3, 4));
  list.Remove(&items[0]);
  list.Remove(&items[4]);
  EXPECT_THAT(Values(list), ElementsAre(1, 3));
  EXPECT_FALSE(items[0].in_age_list());
  EXPECT_TRUE(items[1].in_age_list());
  Empty(list);
}

TEST(IntrusiveListTest, NextOfTheLastIsNull) {
  Item only(1);
  AgeList list;
  list.PushBack(&only);
  EXPECT_EQ(list.Next(&only), nullptr);
  Empty(list);
}

TEST(IntrusiveListTest, OneObjectIsInAListPerTag) {
  Item item(1);
  AgeList ages;
  NameList names;
  ages.PushBack(&item);
  names.PushBack(&item);
  ages.Remove(&item);
  EXPECT_THAT(Values(ages), IsEmpty());
  EXPECT_THAT(Values(names), ElementsAre(1));
  names.Remove(&item);
}

TEST(IntrusiveListTest, ARemovedItemMayGoIntoAnotherListOrBack) {
  Item item(1);
  AgeList a, b;
  a.PushBack(&item);
  a.Remove(&item);
  b.PushBack(&item);
  EXPECT_THAT(Values(b), ElementsAre(1));
  b.Remove(&item);
  a.PushFront(&item);
  EXPECT_THAT(Values(a), ElementsAre(1));
  Empty(a);
}

TEST(IntrusiveListTest, BehavesAsADequeUnderRandomUse) {
  SeededRandomSource random(7);
  std::vector<std::unique_ptr<Item>> items;
  items.reserve(20);
  for (int i = 0; i < 20; ++i) items.push_back(std::make_unique<Item>(i));
  AgeList list;
  std::deque<int> model;
  for (int step = 0; step < 20000; ++step) {
    Item& item = *items[random.Next() % items.size()];
    if (item.in_age_list()) {
      list.Remove(&item);
      model.erase(std::find(model.begin(), model.end(), item.value));
    } else if (const uint64_t where = random.Next() % 3; where == 0) {
      list.PushBack(&item);
      model.push_back(item.value);
    } else if (where == 1 || model.empty()) {
      list.PushFront(&item);
      model.push_front(item.value);
    } else {
      const size_t at = random.Next() % model.size();
      list.InsertBefore(&item, items[model[at]].get());
      model.insert(model.begin() + at, item.value);
    }
    ASSERT_EQ(list.size(), model.size());
    ASSERT_EQ(Values(list), std::vector<int>(model.begin(), model.end())) << "step " << step;
  }
  Empty(list);
}

TEST(IntrusiveListDeathTest, AnItemIsInOneListAtATime) {
  EXPECT_DEATH(
      {
        Item item(1);
        AgeList a;
        AgeList b;
        a.PushBack(&item);
        b.PushBack(&item);
      },
      "CHECK failed");
}

TEST(IntrusiveListDeathTest, RemovingWhatIsInNoListIsABug) {
  EXPECT_DEATH(
      {
        Item item(1);
        AgeList list;
        list.Remove(&item);
      },
      "CHECK failed");
}

TEST(IntrusiveListDeathTest, AnItemMustLeaveBeforeItIsDestroyed) {
  EXPECT_DEATH(
      {
        AgeList list;
        Item item(1);
        list.PushBack(&item);
      },
      "destroyed while in a list");
}

TEST(IntrusiveListDeathTest, AListMustBeEmptyWhenItIsDestroyed) {
  EXPECT_DEATH(
      {
        Item item(1);
        AgeList list;
        list.PushBack(&item);
      },
      "destroyed with members");
}

}  // namespace
}  // namespace sipcm
