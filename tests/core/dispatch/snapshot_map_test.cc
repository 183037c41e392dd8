#include "core/dispatch/snapshot_map.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/random_source.h"
#include "gtest/gtest.h"

namespace sipcm::dispatch {
namespace {

using NumberMap = SnapshotMap<int>;

void Set(NumberMap& map, const std::string& key, int value) {
  map.Change(key, [&](auto& shard) { shard[key] = value; });
}

void Erase(NumberMap& map, const std::string& key) {
  map.Change(key, [&](auto& shard) { shard.erase(key); });
}

std::map<std::string, int> Contents(const NumberMap& map) {
  std::map<std::string, int> contents;
  map.ForEach([&](const std::string& key, int value) {
    EXPECT_TRUE(contents.emplace(key, value).second) << key << " came twice";
  });
  return contents;
}

TEST(SnapshotMapTest, EmptyHasNothing) {
  const NumberMap map;
  EXPECT_EQ(map.Find("a"), nullptr);
  EXPECT_EQ(map.Find(""), nullptr);
  EXPECT_TRUE(Contents(map).empty());
}

TEST(SnapshotMapTest, WhatIsSetIsFoundAndWhatIsErasedIsNot) {
  NumberMap map;
  Set(map, "a", 1);
  Set(map, "", 2);
  Set(map, "a", 3);
  EXPECT_EQ(*map.Find("a"), 3);
  EXPECT_EQ(*map.Find(""), 2);
  EXPECT_EQ(map.Find("A"), nullptr);
  Erase(map, "a");
  EXPECT_EQ(map.Find("a"), nullptr);
  Erase(map, "never");
  EXPECT_EQ(Contents(map), (std::map<std::string, int>{{"", 2}}));
}

TEST(SnapshotMapTest, WhatWasCopiedAndTheCopyChangeEachForItself) {
  NumberMap map;
  Set(map, "a", 1);
  NumberMap copy = map;
  Set(map, "a", 2);
  Set(map, "a", 3);  // in place: this node is the map's alone
  Set(copy, "a", 4);
  NumberMap third;
  Set(third, "a", 5);
  third = copy;
  Set(copy, "a", 6);
  Set(third, "b", 7);
  EXPECT_EQ(Contents(map), (std::map<std::string, int>{{"a", 3}}));
  EXPECT_EQ(Contents(copy), (std::map<std::string, int>{{"a", 6}}));
  EXPECT_EQ(Contents(third), (std::map<std::string, int>{{"a", 4}, {"b", 7}}));
}

TEST(SnapshotMapTest, ARowOfCopiesKeepsEachState) {
  NumberMap map;
  std::vector<NumberMap> states;
  for (int i = 0; i < 100; ++i) {
    Set(map, absl::StrCat(i % 7), i);
    states.push_back(map);
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(*states[i].Find(absl::StrCat(i % 7)), i);
}

TEST(SnapshotMapTest, ACopyKeepsWhatItHad) {
  NumberMap map;
  Set(map, "kept", 1);
  Set(map, "changed", 1);
  const NumberMap copy = map;
  Set(map, "changed", 2);
  Set(map, "new", 3);
  Erase(map, "kept");
  EXPECT_EQ(Contents(copy), (std::map<std::string, int>{{"kept", 1}, {"changed", 1}}));
  EXPECT_EQ(Contents(map), (std::map<std::string, int>{{"changed", 2}, {"new", 3}}));
}

TEST(SnapshotMapTest, ACopySharesWhatWasNotChanged) {
  NumberMap map;
  for (int i = 0; i < 2000; ++i) Set(map, absl::StrCat("k", i), i);
  const NumberMap copy = map;
  Set(map, "one more", 1);
  int shared = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string key = absl::StrCat("k", i);
    ASSERT_EQ(*map.Find(key), *copy.Find(key));
    shared += map.Find(key) == copy.Find(key) ? 1 : 0;
  }
  EXPECT_GT(shared, 1950);
}

TEST(SnapshotMapTest, ValuesDieWithTheLastCopyThatHasThem) {
  SnapshotMap<std::shared_ptr<int>> map;
  auto value = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = value;
  map.Change("a", [&](auto& shard) { shard["a"] = std::move(value); });
  {
    const SnapshotMap<std::shared_ptr<int>> copy = map;
    map.Change("a", [](auto& shard) { shard.erase("a"); });
    EXPECT_FALSE(watched.expired());
  }
  EXPECT_TRUE(watched.expired());
}

TEST(SnapshotMapTest, ManyCopiesUnderRandomUseAgreeWithPlainMaps) {
  SeededRandomSource random(2);
  std::vector<NumberMap> maps(3);
  std::vector<std::map<std::string, int>> models(3);
  for (int step = 0; step < 5000; ++step) {
    const size_t at = random.Next() % maps.size();
    const std::string key = absl::StrCat("k", random.Next() % 200);
    switch (random.Next() % 8) {
      case 0: {
        const size_t from = random.Next() % maps.size();
        maps[at] = maps[from];
        models[at] = models[from];
        break;
      }
      case 1:
      case 2:
        Erase(maps[at], key);
        models[at].erase(key);
        break;
      default:
        Set(maps[at], key, step);
        models[at][key] = step;
    }
    if (step % 50 != 0) continue;
    for (size_t i = 0; i < maps.size(); ++i) ASSERT_EQ(Contents(maps[i]), models[i]);
  }
}

}  // namespace
}  // namespace sipcm::dispatch
