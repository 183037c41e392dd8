#ifndef SIPCM_CORE_ENGINE_MANAGER_SOURCE_COUNT_H_
#define SIPCM_CORE_ENGINE_MANAGER_SOURCE_COUNT_H_

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "core/net/address.h"

namespace sipcm::engine {

// How many incoming connections each address has, over all workers: the kernel spreads those of one
// source. Constant time; one entry per address that has any. Any thread.
class SourceCount {
 public:
  // Counts one more, unless there are `limit` already. False: not counted.
  bool TryAdd(const net::IpAddress& source, int limit) {
    absl::MutexLock lock(&mutex_);
    int& count = counts_[source];
    if (count >= limit) return false;
    ++count;
    return true;
  }
  void Remove(const net::IpAddress& source) {
    absl::MutexLock lock(&mutex_);
    const auto found = counts_.find(source);
    if (--found->second == 0) counts_.erase(found);
  }
  size_t size() const {
    absl::MutexLock lock(&mutex_);
    return counts_.size();
  }

 private:
  mutable absl::Mutex mutex_;  // taken once per accepted and once per closed connection
  absl::flat_hash_map<net::IpAddress, int> counts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_MANAGER_SOURCE_COUNT_H_
