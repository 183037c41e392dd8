#ifndef SIPCM_CORE_DISPATCH_SNAPSHOT_MAP_H_
#define SIPCM_CORE_DISPATCH_SNAPSHOT_MAP_H_

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

namespace sipcm::dispatch {

// A map from text whose copies share all that was not changed since: a copy and a change cost a
// few microseconds at 100,000 keys. A value: what one copy changes no other sees. Reading one copy
// from many threads is fine, also while another copy is made and changed.
template <typename Value>
class SnapshotMap {
 public:
  using Shard = absl::flat_hash_map<std::string, Value>;

  // Null when absent. Valid as long as a copy that has it as it is.
  const Value* Find(absl::string_view key) const {
    const Place place(key);
    const std::shared_ptr<const Branch>& branch = branches_[place.branch];
    if (branch == nullptr) return nullptr;
    const std::shared_ptr<const Shard>& shard = (*branch)[place.shard];
    if (shard == nullptr) return nullptr;
    const auto found = shard->find(key);
    return found == shard->end() ? nullptr : &found->second;
  }

  // change(shard) with the shard that `key` belongs to; it must leave other keys alone.
  template <typename Function>
  void Change(absl::string_view key, Function change) {
    const Place place(key);
    std::shared_ptr<const Branch>& old_branch = branches_[place.branch];
    auto branch =
        old_branch == nullptr ? std::make_shared<Branch>() : std::make_shared<Branch>(*old_branch);
    std::shared_ptr<const Shard>& old_shard = (*branch)[place.shard];
    auto shard =
        old_shard == nullptr ? std::make_shared<Shard>() : std::make_shared<Shard>(*old_shard);
    change(*shard);
    old_shard = std::move(shard);
    old_branch = std::move(branch);
  }

  // function(key, value) for each.
  template <typename Function>
  void ForEach(Function function) const {
    for (const auto& branch : branches_) {
      if (branch == nullptr) continue;
      for (const auto& shard : *branch) {
        if (shard == nullptr) continue;
        for (const auto& [key, value] : *shard) function(key, value);
      }
    }
  }

 private:
  static constexpr size_t kFanOut = 64;  // branches, and shards of each
  using Branch = std::array<std::shared_ptr<const Shard>, kFanOut>;

  struct Place {
    explicit Place(absl::string_view key) {
      const size_t hash = absl::HashOf(key);
      branch = hash % kFanOut;
      shard = hash / kFanOut % kFanOut;
    }
    size_t branch;
    size_t shard;
  };

  std::array<std::shared_ptr<const Branch>, kFanOut> branches_;
};

}  // namespace sipcm::dispatch

#endif  // SIPCM_CORE_DISPATCH_SNAPSHOT_MAP_H_
