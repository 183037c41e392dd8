#ifndef SIPCM_CORE_ENGINE_REUSE_REUSABLE_CONNECTIONS_H_
#define SIPCM_CORE_ENGINE_REUSE_REUSABLE_CONNECTIONS_H_

#include <atomic>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "core/connection/connection_id.h"
#include "core/pool/destination.h"

namespace sipcm::engine {

// The incoming connections of one manager that may carry its requests too, by the destination that
// their peer is (RFC 5923): who adds one has verified that. Any thread: a worker takes the lock
// when it learns of such a connection and when that ends, never per message.
class ReusableConnections {
 public:
  ReusableConnections() = default;
  ReusableConnections(const ReusableConnections&) = delete;
  ReusableConnections& operator=(const ReusableConnections&) = delete;

  // One connection: it is found as long as this lives. Outlived by the list.
  class Hold {
   public:
    Hold(ReusableConnections* all, pool::Destination destination, connection::ConnectionId id)
        : all_(all), destination_(std::move(destination)), id_(id) {}
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() { all_->Release(destination_, id_); }

   private:
    ReusableConnections* const all_;
    const pool::Destination destination_;
    const connection::ConnectionId id_;
  };

  std::unique_ptr<Hold> Add(const pool::Destination& destination, connection::ConnectionId id);
  // The one that was added last, which a peer that came back uses; not valid: none.
  connection::ConnectionId Find(const pool::Destination& destination) const;

 private:
  void Release(const pool::Destination& destination, connection::ConnectionId id);

  std::atomic<int> count_{0};  // so that where none is nobody takes the lock
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<pool::Destination, std::vector<connection::ConnectionId>> connections_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_REUSE_REUSABLE_CONNECTIONS_H_
