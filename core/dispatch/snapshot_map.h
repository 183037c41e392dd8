#ifndef SIPCM_CORE_DISPATCH_SNAPSHOT_MAP_H_
#define SIPCM_CORE_DISPATCH_SNAPSHOT_MAP_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

namespace sipcm::dispatch {

// Marks the nodes that one holder made and nobody shares: those it may change in place. A copy of
// the holder has a mark of its own, and so has, from then on, what was copied.
class NodeMark {
 public:
  NodeMark() = default;
  NodeMark(const NodeMark& other) { other.Renew(); }
  NodeMark& operator=(const NodeMark& other) {
    other.Renew();
    Renew();
    return *this;
  }

  // Never 0.
  uint64_t Get() {
    uint64_t value = value_.load(std::memory_order_relaxed);
    if (value == 0) {
      static std::atomic<uint64_t> last{0};
      value = last.fetch_add(1, std::memory_order_relaxed) + 1;
      value_.store(value, std::memory_order_relaxed);
    }
    return value;
  }

 private:
  void Renew() const { value_.store(0, std::memory_order_relaxed); }

  // Atomic because several threads may copy one holder.
  mutable std::atomic<uint64_t> value_{0};
};

// A map from text whose copies share all that was not changed since: a copy, and the first change
// after it, cost a few microseconds at 100,000 keys, further changes a fraction of one. A value:
// what one copy changes no other sees. Reading one copy from many threads is fine, also while
// another copy is made and changed.
template <typename Value>
class SnapshotMap {
 public:
  using Shard = absl::flat_hash_map<std::string, Value>;

  // Null when absent. Valid as long as a copy that has it as it is.
  const Value* Find(absl::string_view key) const {
    const Place place(key);
    const std::shared_ptr<Branch>& branch = branches_[place.branch];
    if (branch == nullptr) return nullptr;
    const std::shared_ptr<Leaf>& leaf = branch->leaves[place.leaf];
    if (leaf == nullptr) return nullptr;
    const auto found = leaf->shard.find(key);
    return found == leaf->shard.end() ? nullptr : &found->second;
  }

  // change(shard) with the shard that `key` belongs to; it must leave other keys alone.
  template <typename Function>
  void Change(absl::string_view key, Function change) {
    const Place place(key);
    Branch& branch = Own(&branches_[place.branch]);
    change(Own(&branch.leaves[place.leaf]).shard);
  }

  // function(key, value) for each.
  template <typename Function>
  void ForEach(Function function) const {
    for (const auto& branch : branches_) {
      if (branch == nullptr) continue;
      for (const auto& leaf : branch->leaves) {
        if (leaf == nullptr) continue;
        for (const auto& [key, value] : leaf->shard) function(key, value);
      }
    }
  }

 private:
  static constexpr size_t kFanOut = 64;  // branches, and leaves of each

  // Shared by copies, so never changed but by the map whose mark it has.
  struct Leaf {
    uint64_t mark = 0;
    Shard shard;
  };
  struct Branch {
    uint64_t mark = 0;
    std::array<std::shared_ptr<Leaf>, kFanOut> leaves;
  };

  struct Place {
    explicit Place(absl::string_view key) {
      const size_t hash = absl::HashOf(key);
      branch = hash % kFanOut;
      leaf = hash / kFanOut % kFanOut;
    }
    size_t branch;
    size_t leaf;
  };

  // The node in that place, made or copied first unless it is this map's alone.
  template <typename Node>
  Node& Own(std::shared_ptr<Node>* node) {
    const uint64_t mark = mark_.Get();
    if (*node == nullptr) {
      *node = std::make_shared<Node>();
    } else if ((*node)->mark != mark) {
      *node = std::make_shared<Node>(**node);
    }
    (*node)->mark = mark;
    return **node;
  }

  std::array<std::shared_ptr<Branch>, kFanOut> branches_;
  NodeMark mark_;
};

}  // namespace sipcm::dispatch

#endif  // SIPCM_CORE_DISPATCH_SNAPSHOT_MAP_H_
