#ifndef SIPCM_CORE_ENGINE_WORKER_WORKER_H_
#define SIPCM_CORE_ENGINE_WORKER_WORKER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/types/optional.h"
#include "core/connection/connection.h"
#include "core/connection/connection_environment.h"
#include "core/engine/acceptance.h"
#include "core/engine/connection_table.h"
#include "core/engine/dialogs/dialog_directory.h"
#include "core/engine/dialogs/unheard_sends.h"
#include "core/engine/engine_snapshot.h"
#include "core/engine/requests/inbound.h"
#include "core/engine/manager/local_managers.h"
#include "core/engine/pool_directory.h"
#include "core/engine/registered/flow_directory.h"
#include "core/engine/sends/outbound.h"
#include "core/engine/throttling/connection_load.h"
#include "core/engine/throttling/throttling_events.h"
#include "core/engine/transactions/answer_courier.h"
#include "core/engine/worker/worker_drain.h"
#include "core/engine/worker/worker_events.h"
#include "core/engine/worker_totals.h"
#include "core/net/dns/caching_resolver.h"
#include "core/net/dns/resolver.h"
#include "core/net/network.h"
#include "core/tls/domain_removal.h"
#include "core/tls/handshake_gate.h"
#include "core/transaction/ongoing_requests.h"

namespace sipcm::engine {

// What a worker works with; all of it outlives the worker.
struct WorkerMeans {
  event::EventLoop* loop = nullptr;
  net::Network* network = nullptr;
  net::Resolver* resolver = nullptr;  // of this loop; the worker keeps its answers
  RandomSource* random = nullptr;     // of this loop's thread
};

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
  void Send(const std::shared_ptr<ManagerState>& manager, PlannedSend planned);
  // In a dialog that this worker has.
  void SendInDialog(const std::shared_ptr<ManagerState>& manager, PlannedSend planned);
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
  std::vector<ConnectionSnapshot> Connections(const std::string& manager_id) const;
  // Of its own; without: its manager's.
  void SetMarks(connection::Connection& connection, const absl::optional<ThrottleMarks>& marks) {
    load_.SetMarks(*ConnectionTable::SlotOf(connection), marks);
  }
  // The manager's, from now on: to its connections that have none of their own, and to what its
  // applications have not taken.
  void ApplyMarks(const std::shared_ptr<ManagerState>& manager);
  // Runs `change` on it and tells how it is after; NOT_FOUND.
  absl::StatusOr<ConnectionSnapshot> WithConnection(
      connection::ConnectionId id, absl::FunctionRef<void(connection::Connection&)> change);
  // Those that are established; the others when they are. How many it ended.
  int Retire(const std::shared_ptr<ManagerState>& manager, const Retirement& retirement);
  // Closes (kDomainRemoved) the incoming connections that `removal` concerns; how many.
  int CloseRemoved(const std::shared_ptr<ManagerState>& manager,
                   const std::shared_ptr<const tls::DomainRemoval>& removal);
  Instant Now() const { return means_.loop->Now(); }
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
  void OnManagerThrottling(LocalManager& manager, ThrottleChange change, int count) override {
    throttling_events_.TellManager(manager, change, count);
  }
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
  void OnRemovedManagerIdle(const LocalManager& manager) override;
  void SendFromHome(PlannedSend planned) override;
  registration::Authenticator* AuthenticatorOf(const PlannedSend& send) override {
    if (send.endpoint->kind != dispatch::EndpointKind::kRegistered) return nullptr;
    return flows_->AuthenticatorOf(send.endpoint->id, send.manager);
  }
  void OnEndpointThrottling(const PlannedSend& of, ThrottleChange change) override {
    throttling_events_.TellEndpoint(of, change);
  }
  // DialogDirectory::Host
  void PostToDialogs(int worker, absl::AnyInvocable<void(DialogDirectory&)> task) override;
  void SendOwn(const std::string& manager_id, SendOrder order) override;
  // FlowDirectory::Host
  void OnFlowGone(LocalManager* manager) override { ReleaseManager(manager); }
  // PoolDirectory::Host
  connection::Connection* AdoptOutgoing(std::unique_ptr<connection::Connection> connection,
                                        LocalManager* manager, pool::ConnectionPool* pool) override;
  void OnServerRefused(const LocalManager& manager, const pool::Destination& destination,
                       const connection::Connection& connection,
                       const absl::Status& detail) override;
  void OnConnectFailed(const LocalManager& manager, const pool::Destination& destination,
                       const absl::Status& failure) override {
    events_.TellConnectFailed(*manager.state, destination, failure);
  }
  void OnPoolAdded(const PoolSnapshot& pool) override;
  void OnPoolChanged(const PoolSnapshot& pool) override;
  void OnTargetHealth(const PoolSnapshot& pool, const absl::Status& why) override;
  void OnPoolRemoved(LocalManager* manager, const PoolSnapshot& pool) override;
  // WorkerDrain::Host
  bool HasOpenWork() const override {
    return inbound_->open_count() > 0 || outbound_->open_count() > 0;
  }
  void EndOpenWork() override;
  bool HasConnections() const override { return connections_.size() > 0; }
  void CloseConnections() override;

  // Has `task` run on all workers but this.
  void PostToOthers(const std::function<void(Worker&)>& task);
  // Where the send goes that is not to use its dialog's flow, or cannot.
  void SendByDestination(const std::shared_ptr<ManagerState>& manager, PlannedSend planned);
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
  const std::shared_ptr<SendSink> own_sends_ = std::make_shared<UnheardSends>();
  std::unique_ptr<Acceptance> acceptance_;
  std::unique_ptr<PoolDirectory> pools_;
  std::unique_ptr<DialogDirectory> dialogs_;
  std::unique_ptr<Outbound> outbound_;
  std::unique_ptr<AnswerCourier> courier_;
  std::unique_ptr<FlowDirectory> flows_;
  std::unique_ptr<Inbound> inbound_;
  WorkerDrain drain_{means_.loop, static_cast<WorkerDrain::Host*>(this)};
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_WORKER_WORKER_H_
