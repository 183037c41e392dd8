#ifndef SIPCM_CORE_BASE_SNAPSHOT_CELL_H_
#define SIPCM_CORE_BASE_SNAPSHOT_CELL_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace sipcm {

// Read-mostly state, swapped whole. Writers publish a value that nobody changes any more; each
// reading thread keeps a Reader, whose Get() costs one atomic load while nothing changed and takes
// the lock only for the first look after a change. What was published before Get() is called is
// seen by it. Any thread. Readers must not outlive the cell.
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
      unseen_ = nullptr;
      NoteNewVersion();
    }
    // The old value may be large: it dies outside the lock.
  }

  // Publishes what `change` (T* -> absl::Status) makes of the value: in place while no reader has
  // it, which makes a row of changes cheap, else of a copy. The lock is held meanwhile, so copies
  // of T must share what they can. A `change` that fails must have left its T as it was; its error
  // is returned.
  template <typename Change>
  absl::Status Edit(Change change) {
    std::shared_ptr<const T> old;  // dies outside the lock
    absl::MutexLock lock(&mutex_);
    if (unseen_ != nullptr) {
      absl::Status status = change(unseen_);
      if (status.ok()) NoteNewVersion();
      return status;
    }
    auto next = std::make_shared<T>(*value_);
    absl::Status status = change(next.get());
    if (!status.ok()) return status;
    unseen_ = next.get();
    old = std::exchange(value_, std::move(next));
    NoteNewVersion();
    return status;
  }

  std::shared_ptr<const T> Get() const {
    absl::MutexLock lock(&mutex_);
    unseen_ = nullptr;
    return value_;
  }

  // look(const T&) under the lock, for a short look that should not cost the next Edit a copy.
  template <typename Function>
  auto Look(Function look) const {
    absl::MutexLock lock(&mutex_);
    return look(*value_);
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
      cell_->unseen_ = nullptr;
      seen_ = cell_->version_.load(std::memory_order_relaxed);
      value_ = cell_->value_;
    }
    const SnapshotCell* cell_;
    uint64_t seen_ = 0;
    std::shared_ptr<const T> value_;
  };

 private:
  void NoteNewVersion() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    // In one order with what the writer does next, such as looking at who waits for the value
    // (SubscriptionGroup::SetWaiting): an acquire and release pair would not give that.
    version_.fetch_add(1, std::memory_order_seq_cst);
  }

  mutable absl::Mutex mutex_;
  std::atomic<uint64_t> version_{0};
  std::shared_ptr<const T> value_ ABSL_GUARDED_BY(mutex_);
  // What value_ points to while nobody but this cell has had it; else null.
  mutable T* unseen_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace sipcm

#endif  // SIPCM_CORE_BASE_SNAPSHOT_CELL_H_
