#ifndef SIPCM_CORE_ENGINE_MANAGER_STATE_H_
#define SIPCM_CORE_ENGINE_MANAGER_STATE_H_

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/base/snapshot_cell.h"
#include "core/dispatch/endpoint_directory.h"
#include "core/dispatch/subscription_group.h"
#include "core/engine/manager_runtime.h"

namespace sipcm::engine {

// One connection manager as the control side and all workers share it. What workers read per
// message is in snapshot cells. Any thread.
class ManagerState {
 public:
  ManagerState(std::string id, std::shared_ptr<const ManagerRuntime> runtime)
      : id_(std::move(id)),
        runtime_(std::move(runtime)),
        directory_(dispatch::EndpointDirectory::Empty()),
        group_(std::make_shared<dispatch::SubscriptionGroup>()) {}

  const std::string& id() const { return id_; }
  SnapshotCell<ManagerRuntime>& runtime() { return runtime_; }
  SnapshotCell<dispatch::EndpointDirectory>& directory() { return directory_; }
  // Subscriptions to all requests of the manager.
  const std::shared_ptr<dispatch::SubscriptionGroup>& group() const { return group_; }

  // Connections by direction: changed by workers, all of them.
  std::atomic<int> connection_counts[2] = {};
  // ACKs that peers owe for our 2xx to INVITE. One that nobody owes is dropped: it has neither
  // credit nor answer, so that nothing else would bound a flood of them.
  std::atomic<int> acks_due{0};
  // Set once, when it is deleted: workers drop what they have of it.
  std::atomic<bool> removed{false};

  ManagerStatus::State state() const {
    absl::MutexLock lock(&mutex_);
    return state_;
  }
  std::vector<net::SocketAddress> bound_addresses() const {
    absl::MutexLock lock(&mutex_);
    return bound_;
  }
  std::string reason() const {
    absl::MutexLock lock(&mutex_);
    return reason_;
  }
  void SetState(ManagerStatus::State state, std::vector<net::SocketAddress> bound,
                std::string reason) {
    absl::MutexLock lock(&mutex_);
    state_ = state;
    bound_ = std::move(bound);
    reason_ = std::move(reason);
  }

 private:
  const std::string id_;
  SnapshotCell<ManagerRuntime> runtime_;
  SnapshotCell<dispatch::EndpointDirectory> directory_;
  const std::shared_ptr<dispatch::SubscriptionGroup> group_;

  mutable absl::Mutex mutex_;  // the listening state: rarely taken, by control and a failed accept
  ManagerStatus::State state_ ABSL_GUARDED_BY(mutex_) = ManagerStatus::State::kIdle;
  std::vector<net::SocketAddress> bound_ ABSL_GUARDED_BY(mutex_);
  std::string reason_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_MANAGER_STATE_H_
