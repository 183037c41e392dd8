#ifndef SIPCM_CORE_ENGINE_MANAGER_MANAGER_STATE_H_
#define SIPCM_CORE_ENGINE_MANAGER_MANAGER_STATE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "core/base/error.h"
#include "core/base/snapshot_cell.h"
#include "core/dispatch/endpoint_directory.h"
#include "core/dispatch/subscription_group.h"
#include "core/engine/admission/auto_allowed_hosts.h"
#include "core/engine/engine_event.h"
#include "core/engine/manager/manager_counters.h"
#include "core/engine/manager/manager_runtime.h"
#include "core/engine/manager/source_count.h"
#include "core/engine/reuse/reusable_connections.h"
#include "core/transaction/due_acks.h"

namespace sipcm::engine {

// One connection manager as the control side and all workers share it. What workers read per
// message is in snapshot cells. Any thread.
class ManagerState {
 public:
  // `events`, which outlives this, is told each change of the listening state, in order.
  ManagerState(std::string id, std::shared_ptr<const ManagerRuntime> runtime, int worker_count,
               EventSink* events)
      : id_(std::move(id)),
        worker_count_(worker_count),
        counters_(std::make_unique<ManagerCounters[]>(worker_count)),
        events_(events),
        runtime_(std::move(runtime)),
        directory_(dispatch::EndpointDirectory::Empty()),
        group_(std::make_shared<dispatch::SubscriptionGroup>()) {}

  const std::string& id() const { return id_; }
  // NOT_FOUND (RESOURCE_DELETED): what who still has it is told.
  absl::Status DeletedError() const {
    return MakeError(
        absl::StatusCode::kNotFound, "RESOURCE_DELETED",
        absl::StrCat("connection manager \"connectionManagers/", id_, "\" was deleted"));
  }
  SnapshotCell<ManagerRuntime>& runtime() { return runtime_; }
  // Control edits it, and workers.
  SnapshotCell<dispatch::EndpointDirectory>& directory() { return directory_; }
  // From now on these lead to that REGISTERED endpoint (RFC 5627); passed over when it is gone.
  void SetGruus(const std::string& endpoint_id, std::vector<std::string> gruus);
  AutoAllowedHosts& auto_hosts() { return auto_hosts_; }
  // Incoming connections that carry its requests too.
  ReusableConnections& reusable() { return reusable_; }
  // Subscriptions to all requests of the manager.
  const std::shared_ptr<dispatch::SubscriptionGroup>& group() const { return group_; }

  int worker_count() const { return worker_count_; }
  ManagerCounters& counters(int worker) const { return counters_[worker]; }
  // Incoming connections by address.
  SourceCount& sources() { return sources_; }

  // Connections by direction: changed by workers, all of them.
  std::atomic<int> connection_counts[2] = {};
  // ACKs that peers owe for our 2xx to INVITE.
  transaction::DueAcks due_acks;
  // Set once, when it is deleted: workers drop what they have of it.
  std::atomic<bool> removed{false};

  ManagerStatus::State state() const { return listening_status().state; }
  std::vector<net::SocketAddress> bound_addresses() const {
    return listening_status().bound_addresses;
  }
  // Its state, addresses and reason; nothing else.
  ManagerStatus listening_status() const {
    absl::MutexLock lock(&mutex_);
    return status_;
  }
  // `why`: of kFailed.
  void SetState(ManagerStatus::State state, std::vector<net::SocketAddress> bound,
                const absl::Status& why = absl::OkStatus());
  // LISTENING at these addresses; which time it is, for FailListening().
  uint64_t BeginListening(std::vector<net::SocketAddress> bound);
  // FAILED, because of `why`. False, and nothing is changed or told, when the listening that
  // `listening` names is over already: stopped, failed, or begun anew.
  bool FailListening(uint64_t listening, const absl::Status& why);

  // Whether `message_throttling` refuses new requests.
  bool message_throttled() const { return message_throttled_.load(std::memory_order_relaxed); }
  // By who sees a mark passed; `tell` is called when it was otherwise, in order with other changes.
  void SetMessageThrottled(bool on, absl::FunctionRef<void()> tell);

 private:
  void SetStateLocked(ManagerStatus::State state, std::vector<net::SocketAddress> bound,
                      const absl::Status& why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string id_;
  const int worker_count_;
  const std::unique_ptr<ManagerCounters[]> counters_;
  SourceCount sources_;
  EventSink* const events_;
  SnapshotCell<ManagerRuntime> runtime_;
  SnapshotCell<dispatch::EndpointDirectory> directory_;
  AutoAllowedHosts auto_hosts_;
  ReusableConnections reusable_;
  const std::shared_ptr<dispatch::SubscriptionGroup> group_;

  // Changes of state, told in their order: rarely taken, by control, by a failed accept and by who
  // begins or ends throttling.
  mutable absl::Mutex mutex_;
  ManagerStatus status_ ABSL_GUARDED_BY(mutex_);
  uint64_t listening_ ABSL_GUARDED_BY(mutex_) = 0;  // how often it began to
  std::atomic<bool> message_throttled_{false};      // written with the lock held
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_MANAGER_MANAGER_STATE_H_
