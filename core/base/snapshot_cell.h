#ifndef SIPCM_CORE_BASE_SNAPSHOT_CELL_H_
#define SIPCM_CORE_BASE_SNAPSHOT_CELL_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/synchronization/mutex.h"

namespace sipcm {

// Read-mostly state, swapped whole. Writers publish an immutable value; each reading thread keeps
// a Reader, whose Get() costs one atomic load while nothing changed and takes the lock only for
// the first look after a change. What was published before Get() is called is seen by it.
// Any thread. Readers must not outlive the cell.
template <typename T>
class SnapshotCell {
 public:
  explicit SnapshotCell(std::shared_ptr<const T> value) : value_(std::move(value)) {}
  SnapshotCell(const SnapshotCell&) = delete;
  SnapshotCell& operator=(const SnapshotCell&) = delete;

  void Publish(std::shared_ptr<const T> value) {
    {
      absl::MutexLock lock(&mutex_);
      value_.swap(value);
      // In one order with what the writer does next, such as looking at who waits for the value
      // (SubscriptionGroup::SetWaiting): an acquire and release pair would not give that.
      version_.fetch_add(1, std::memory_order_seq_cst);
    }
    // The old value may be large: it dies outside the lock.
  }

  std::shared_ptr<const T> Get() const {
    absl::MutexLock lock(&mutex_);
    return value_;
  }

  class Reader {
   public:
    explicit Reader(const SnapshotCell* cell) : cell_(cell) { Refresh(); }
    // Valid until the next Get().
    const std::shared_ptr<const T>& Get() {
      if (cell_->version_.load(std::memory_order_seq_cst) != seen_) Refresh();
      return value_;
    }

   private:
    void Refresh() {
      absl::MutexLock lock(&cell_->mutex_);
      seen_ = cell_->version_.load(std::memory_order_relaxed);
      value_ = cell_->value_;
    }
    const SnapshotCell* cell_;
    uint64_t seen_ = 0;
    std::shared_ptr<const T> value_;
  };

 private:
  mutable absl::Mutex mutex_;
  std::atomic<uint64_t> version_{0};
  std::shared_ptr<const T> value_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipcm

#endif  // SIPCM_CORE_BASE_SNAPSHOT_CELL_H_
