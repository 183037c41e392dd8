#ifndef SIPCM_CORE_DISPATCH_LINEAGE_H_
#define SIPCM_CORE_DISPATCH_LINEAGE_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

namespace sipcm::dispatch {

// One application through all the subscriptions by which it resumed the former one. Whoever is
// bound to an application rather than to one stream of it (a dialog) keeps its id. Any thread.
class Lineage {
 public:
  explicit Lineage(uint64_t id = 0, std::string token = "") : id_(id), token_(std::move(token)) {}
  Lineage(const Lineage&) = delete;
  Lineage& operator=(const Lineage&) = delete;

  // Of its own among all of the engine, from 1; 0: none.
  uint64_t id() const { return id_; }
  // What it shows to resume; empty: it cannot.
  const std::string& token() const { return token_; }

  // Requests that its ended subscriptions left unanswered and that may still come back to it.
  // About right while workers are at it.
  int64_t open_count() const {
    const int64_t count = open_.load(std::memory_order_relaxed);
    return count < 0 ? 0 : count;
  }
  void AddOpen(int64_t count) { open_.fetch_add(count, std::memory_order_relaxed); }

  // Those of them that went to others, or ended without it, and that it was not told of yet.
  void AddLost() { lost_.fetch_add(1, std::memory_order_relaxed); }
  int64_t TakeLost() { return lost_.exchange(0, std::memory_order_relaxed); }

 private:
  const uint64_t id_;
  const std::string token_;
  std::atomic<int64_t> open_{0};
  std::atomic<int64_t> lost_{0};
};

}  // namespace sipcm::dispatch

#endif  // SIPCM_CORE_DISPATCH_LINEAGE_H_
