#ifndef SIPCM_CORE_ENGINE_WORKER_CONNECTION_CONTROL_H_
#define SIPCM_CORE_ENGINE_WORKER_CONNECTION_CONTROL_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "core/connection/connection.h"
#include "core/engine/connection_table.h"
#include "core/engine/engine_snapshot.h"
#include "core/engine/manager/local_managers.h"
#include "core/engine/throttling/connection_load.h"
#include "core/event/event_loop.h"
#include "core/tls/domain_removal.h"

namespace sipcm::engine {

// What control asks of one worker's connections. Thread: the worker's.
class ConnectionControl {
 public:
  // All outlive this.
  ConnectionControl(event::EventLoop* loop, LocalManagers* managers, ConnectionTable* connections,
                    ConnectionLoad* load)
      : loop_(loop), managers_(managers), connections_(connections), load_(load) {}

  // Those of the manager; "": all.
  std::vector<ConnectionSnapshot> List(const std::string& manager_id) const;
  // Runs `change` on it and tells how it is after; NOT_FOUND.
  absl::StatusOr<ConnectionSnapshot> Change(
      connection::ConnectionId id, absl::FunctionRef<void(connection::Connection&)> change);
  // Marks of its own; without: its manager's.
  void SetMarks(connection::Connection& connection, const absl::optional<ThrottleMarks>& marks) {
    load_->SetMarks(*ConnectionTable::SlotOf(connection), marks);
  }
  // Closes it (kAdmin) when it is idle, or after `timeout`.
  void Drain(connection::Connection& connection, absl::Duration timeout) {
    connection.Drain(loop_->Now() + timeout, connection::CloseReason::kAdmin);
  }
  // Those that are established; the others when they are. How many it ended.
  int Retire(const std::shared_ptr<ManagerState>& manager, const Retirement& retirement);
  // Closes (kDomainRemoved) the incoming connections that `removal` concerns; how many.
  int CloseRemoved(const std::shared_ptr<ManagerState>& manager,
                   const std::shared_ptr<const tls::DomainRemoval>& removal);

 private:
  event::EventLoop* const loop_;
  LocalManagers* const managers_;
  ConnectionTable* const connections_;
  ConnectionLoad* const load_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_WORKER_CONNECTION_CONTROL_H_
