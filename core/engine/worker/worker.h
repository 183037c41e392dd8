#ifndef SIPCM_CORE_ENGINE_WORKER_WORKER_H_
#define SIPCM_CORE_ENGINE_WORKER_WORKER_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "core/connection/connection.h"
#include "core/connection/connection_environment.h"
#include "core/engine/acceptance.h"
#include "core/engine/connection_table.h"
#include "core/engine/dialogs/dialog_directory.h"
#include "core/engine/engine_snapshot.h"
#include "core/engine/manager/local_managers.h"
#include "core/engine/pool_directory.h"
#include "core/engine/registered/flow_directory.h"
#include "core/engine/requests/inbound.h"
#include "core/engine/sends/outbound.h"
#include "core/engine/throttling/connection_load.h"
#include "core/engine/throttling/throttling_events.h"
#include "core/engine/transactions/answer_courier.h"
#include "core/engine/worker/connection_control.h"
#include "core/engine/worker/send_router.h"
#include "core/engine/worker/worker_drain.h"
#include "core/engine/worker/worker_events.h"
#include "core/engine/worker/worker_means.h"
#include "core/engine/worker_totals.h"
#include "core/net/dns/caching_resolver.h"
#include "core/net/network.h"
#include "core/tls/handshake_gate.h"
#include "core/transaction/ongoing_requests.h"

namespace sipcm::engine {

// One loop's share of the engine: its connections, its share of each manager's acceptors, its
// pools, its requests. A connection lives and dies here. Thread: the loop's, but for totals().
class Worker final : private connection::Connection::Listener,
                     private Acceptance::Host,
                     private Inbound::Host,
                     private Outbound::Host,
                     private AnswerCourier::Host,
                     private ConnectionLoad::Host,
                     private DialogDirectory::Host,
                     private FlowDirectory::Host,
                     private PoolDirectory::Host,
                     private SendRouter::Host,
                     private WorkerDrain::Host {
 public:
  // Has `task` run on another worker.
  using PostToWorker = absl::AnyInvocable<void(int worker, absl::AnyInvocable<void(Worker&)> task)>;

  // Of `worker_count` workers this is number `index`.
  Worker(int index, int worker_count, const WorkerMeans& means, PostToWorker post,
         transaction::OngoingRequests* ongoing, EventSink* events);
  ~Worker();

  // --- Managers ---
  void AddAcceptors(const std::shared_ptr<ManagerState>& manager, uint64_t listening,
                    std::vector<std::unique_ptr<net::BoundListener>> listeners);
  void RemoveAcceptors(const std::shared_ptr<ManagerState>& manager);
  // Acceptors, flows, pools, connections (kManagerDeleted) and its groups' lines.
  void RemoveManager(const std::shared_ptr<ManagerState>& manager);

  // --- Messages ---
  Inbound& inbound() { return *inbound_; }
  Outbound& outbound() { return *outbound_; }
  SendRouter& sends() { return *sends_; }
  DialogDirectory& dialogs() { return *dialogs_; }
  void ForgetEndpoint(const dispatch::EndpointDirectory::EntryPointer& entry);

  // --- Registered endpoints whose home this is ---
  void ApplyFlow(const std::shared_ptr<ManagerState>& manager,
                 std::shared_ptr<const dispatch::Endpoint> endpoint,
                 const pool::Destination& destination, std::shared_ptr<EndpointStatusCell> status);
  void RemoveFlow(const std::string& endpoint_id) { flows_->Remove(endpoint_id); }

  // --- Pools and connections ---
  void ApplyPool(const std::shared_ptr<ManagerState>& manager, const pool::Destination& destination,
                 const pool::PoolSetting& setting);
  absl::StatusOr<PoolSnapshot> RemovePool(const std::shared_ptr<ManagerState>& manager,
                                          const pool::Destination& destination,
                                          PoolRemoval removal);
  std::vector<PoolSnapshot> Pools(const std::string& manager_id) const {
    return pools_->Snapshots(manager_id);
  }
  ConnectionControl& connections() { return control_; }
  // The manager's, from now on: to its connections that have none of their own, and to what its
  // applications have not taken.
  void ApplyMarks(const std::shared_ptr<ManagerState>& manager);
  // Tells the sink all of it, as the worker of `worker_count` that this is.
  void TellState(uint64_t round);

  // No new work; `done` once nothing is open, or at `timeout`, and all connections are closed. Of
  // several the earliest deadline holds.
  void Drain(absl::Duration timeout, absl::AnyInvocable<void()> done);

  const WorkerTotals& totals() const { return totals_; }  // any thread

 private:
  // connection::Connection::Listener
  void OnEstablished(connection::Connection& connection) override;
  void OnMessage(connection::Connection& connection, const sip::MessageView& message) override;
  void OnMalformed(connection::Connection& connection, const sip::MessageView& message,
                   const sip::ParseVerdict& verdict) override;
  void OnClosed(connection::Connection& connection, connection::CloseReason reason,
                const absl::Status& detail) override;
  // Acceptance::Host
  void AdoptIncoming(std::unique_ptr<connection::Connection> connection,
                     LocalManager* manager) override;
  void OnTurnedAway(LocalManager* manager, connection::Transport transport,
                    const net::ByteStream& stream, const absl::Status& limit) override;
  void OnAcceptFailed(LocalManager* manager, const absl::Status& status) override;
  void OnListenerFailed(LocalManager* manager, uint64_t listening,
                        const absl::Status& status) override;
  // ConnectionLoad::Host
  void OnThrottling(ConnectionSlot& slot, ThrottleMechanism mechanism, ThrottleChange change,
                    int count, ThrottleMarks marks) override {
    throttling_events_.TellConnection(slot, mechanism, change, count, marks);
  }
  void OnHeldRequest(ConnectionSlot& slot, const sip::MessageView& request) override {
    inbound_->OnHeldRequest(slot, request);
  }
  // Inbound::Host, Outbound::Host
  void OnManagerThrottling(LocalManager& manager, ThrottleChange change, int count) override;
  void WatchOnOthers(const std::shared_ptr<ManagerState>& manager) override;
  void WakeWorker(int worker, std::shared_ptr<dispatch::SubscriptionGroup> group) override;
  LocalManager* FindManager(const std::string& manager_id) override {
    return managers_.FindById(manager_id);
  }
  void CarryAnswer(LocalManager& manager, pool::Destination destination, std::string response,
                   AnswerCourier::Done done) override;
  void CarryAck(int worker, std::shared_ptr<const dispatch::RequestRecord> ack) override;
  void AskOthersForAck(const std::string& call_key) override;
  void OnInboundIdle() override { drain_.Check(); }
  void OnOutboundIdle() override { drain_.Check(); }
  void OnCourierIdle() override { drain_.Check(); }
  void OnRemovedManagerIdle(const LocalManager& manager) override;
  void SendFromHome(PlannedSend planned) override { sends_->SendFromHome(std::move(planned)); }
  void LeaveFlow(PlannedSend planned) override { sends_->LeaveFlow(std::move(planned)); }
  registration::Authenticator* AuthenticatorOf(const PlannedSend& send) override;
  void OnEndpointThrottling(const PlannedSend& of, ThrottleChange change) override;
  // DialogDirectory::Host
  void PostToDialogs(int worker, absl::AnyInvocable<void(DialogDirectory&)> task) override;
  void SendOwn(const std::string& manager_id, SendOrder order) override {
    sends_->SendOwn(manager_id, std::move(order));
  }
  void OnNothingAsked() override { drain_.Check(); }
  // SendRouter::Host
  void PostToRouter(int worker, absl::AnyInvocable<void(SendRouter&)> task) override;
  // FlowDirectory::Host
  void OnFlowGone(LocalManager* manager) override { ReleaseManager(manager); }
  // PoolDirectory::Host
  connection::Connection* AdoptOutgoing(std::unique_ptr<connection::Connection> connection,
                                        LocalManager* manager, pool::ConnectionPool* pool) override;
  void OnServerRefused(const LocalManager& manager, const pool::Destination& destination,
                       const connection::Connection& connection,
                       const absl::Status& detail) override;
  void OnConnectFailed(const LocalManager& manager, const pool::Destination& destination,
                       const absl::Status& failure) override;
  void OnPoolAdded(const PoolSnapshot& pool) override;
  void OnPoolChanged(const PoolSnapshot& pool) override;
  void OnTargetHealth(const PoolSnapshot& pool, const absl::Status& why) override;
  void OnPoolRemoved(LocalManager* manager, const PoolSnapshot& pool) override;
  // WorkerDrain::Host
  bool HasOpenWork() const override {
    return inbound_->open_count() > 0 || outbound_->open_count() > 0 ||
           courier_->waiting_count() > 0 || dialogs_->asked_count() > 0;
  }
  void EndOpenWork() override;
  bool HasConnections() const override { return connections_.size() > 0; }
  void CloseConnections() override;

  // Has `task` run on all workers but this.
  void PostToOthers(const std::function<void(Worker&)>& task);
  void Enter(std::unique_ptr<connection::Connection> connection, LocalManager* manager,
             pool::ConnectionPool* pool);
  void CountOpened(const ConnectionSlot& slot);
  void ReleaseManager(LocalManager* manager);
  void ForgetPools(connection::CloseReason reason);

  const int worker_count_;
  const WorkerMeans means_;
  PostToWorker post_;
  WorkerEvents events_;
  WorkerTotals totals_;
  net::CachingResolver resolver_;
  connection::ConnectionEnvironment environment_;
  tls::HandshakeGate gate_;
  absl::AnyInvocable<connection::ConnectionId()> new_id_;
  LocalManagers managers_;
  ConnectionTable connections_;
  ThrottlingEvents throttling_events_{&totals_, &events_};
  ConnectionLoad load_;
  ConnectionControl control_{means_.loop, &managers_, &connections_, &load_};
  std::unique_ptr<Acceptance> acceptance_;
  std::unique_ptr<PoolDirectory> pools_;
  std::unique_ptr<DialogDirectory> dialogs_;
  std::unique_ptr<Outbound> outbound_;
  std::unique_ptr<SendRouter> sends_;
  std::unique_ptr<AnswerCourier> courier_;
  std::unique_ptr<FlowDirectory> flows_;
  std::unique_ptr<Inbound> inbound_;
  WorkerDrain drain_{means_.loop, static_cast<WorkerDrain::Host*>(this)};
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_WORKER_WORKER_H_
