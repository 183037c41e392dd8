#include "core/engine/worker/worker.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/engine/admission/removal_sweep.h"
#include "core/engine/reuse/connection_alias.h"
#include "core/engine/worker/home_worker.h"
#include "core/tls/peer_identity.h"

namespace sipcm::engine {
namespace {

using connection::CloseReason;
using connection::Connection;
using connection::ConnectionState;
using connection::Direction;
using connection::Transport;

int IndexOf(Direction direction) { return static_cast<int>(direction); }
int IndexOf(Transport transport) { return static_cast<int>(transport); }

}  // namespace

Worker::Worker(int index, int worker_count, const WorkerMeans& means, PostToWorker post,
               transaction::OngoingRequests* ongoing, EventSink* events)
    : worker_count_(worker_count),
      means_(means),
      post_(std::move(post)),
      events_(means.loop, events),
      resolver_(means.loop, means.resolver),
      environment_(means.loop),
      gate_(means.loop),
      managers_(index),
      connections_(index),
      load_(means.loop, &connections_, static_cast<ConnectionLoad::Host*>(this)) {
  new_id_ = [this] { return connections_.NewId(); };
  connection::Attempt::Means attempt_means;
  attempt_means.network = means.network;
  attempt_means.resolver = &resolver_;
  attempt_means.environment = &environment_;
  attempt_means.new_id = &new_id_;
  acceptance_ = std::make_unique<Acceptance>(means.loop, means.network, &gate_, &environment_,
                                             &connections_, static_cast<Acceptance::Host*>(this));
  pools_ = std::make_unique<PoolDirectory>(attempt_means, means.loop, &gate_, means.random,
                                           &totals_, static_cast<PoolDirectory::Host*>(this));
  dialogs_ = std::make_unique<DialogDirectory>(index, worker_count, means.loop, means.random,
                                               &totals_, static_cast<DialogDirectory::Host*>(this));
  outbound_ =
      std::make_unique<Outbound>(means.loop, means.random, &connections_, pools_.get(), &load_,
                                 dialogs_.get(), &totals_, static_cast<Outbound::Host*>(this));
  sends_ =
      std::make_unique<SendRouter>(worker_count, &managers_, &connections_, dialogs_.get(),
                                   outbound_.get(), &totals_, static_cast<SendRouter::Host*>(this));
  flows_ = std::make_unique<FlowDirectory>(
      RegisteredFlow::Means{means.loop, means.random, pools_.get(), outbound_.get(), &events_},
      static_cast<FlowDirectory::Host*>(this));
  courier_ = std::make_unique<AnswerCourier>(pools_.get(), static_cast<AnswerCourier::Host*>(this));
  inbound_ = std::make_unique<Inbound>(index, means.loop, means.random, &connections_, &load_,
                                       dialogs_.get(), &totals_, ongoing,
                                       static_cast<Inbound::Host*>(this));
}

Worker::~Worker() {
  acceptance_->Clear();
  inbound_.reset();
  flows_.reset();
  outbound_.reset();
  courier_.reset();
  for (const connection::ConnectionId id : connections_.Ids()) {
    pools_->OnConnectionClosed(*connections_.Find(id), CloseReason::kShutdown);
    connections_.Erase(id);
  }
  ForgetPools(CloseReason::kShutdown);
  pools_.reset();
}

// --- Managers --------------------------------------------------------------------------------

void Worker::AddAcceptors(const std::shared_ptr<ManagerState>& manager, uint64_t listening,
                          std::vector<std::unique_ptr<net::BoundListener>> listeners) {
  if (drain_.has_begun() || manager->removed.load()) return;
  acceptance_->Add(managers_.For(manager), listening, std::move(listeners));
}

void Worker::RemoveAcceptors(const std::shared_ptr<ManagerState>& manager) {
  if (LocalManager* const local = managers_.Find(manager.get())) acceptance_->Remove(local);
}

void Worker::RemoveManager(const std::shared_ptr<ManagerState>& manager) {
  LocalManager* local = managers_.For(manager);
  acceptance_->Remove(local);
  inbound_->ForgetGroup(manager->group());
  dialogs_->ForgetManager(manager->id());
  // Holds it: the last pool that goes would release it.
  ++local->pool_count;
  flows_->ForgetManager(local);
  // Before the pools end: what waits for them, or behind what they carry, must not open them anew.
  outbound_->ForgetManager(local);
  courier_->ForgetManager(local);
  pools_->ForgetManager(local, CloseReason::kManagerDeleted);
  for (const connection::ConnectionId id : connections_.Ids()) {
    ConnectionSlot* slot = connections_.Find(id);
    if (slot != nullptr && slot->manager == local) {
      slot->connection->CloseAfterFlush(CloseReason::kManagerDeleted);
    }
  }
  --local->pool_count;
  ReleaseManager(local);
}

void Worker::ForgetPools(CloseReason reason) {
  const std::vector<LocalManager*> all = managers_.All();
  for (LocalManager* manager : all) ++manager->pool_count;  // holds it, as above
  for (LocalManager* manager : all) pools_->ForgetManager(manager, reason);
  for (LocalManager* manager : all) {
    --manager->pool_count;
    ReleaseManager(manager);
  }
}

void Worker::OnRemovedManagerIdle(const LocalManager& manager) {
  means_.loop->Post([this, state = manager.state] {
    if (LocalManager* const local = managers_.Find(state.get())) ReleaseManager(local);
  });
}

void Worker::ReleaseManager(LocalManager* manager) {
  if (!manager->state->removed.load(std::memory_order_acquire)) return;
  if (manager->connection_count > 0 || manager->pool_count > 0 || manager->flow_count > 0 ||
      manager->send_count > 0 || acceptance_->Contains(manager)) {
    return;
  }
  managers_.Erase(manager);
}

void Worker::AdoptIncoming(std::unique_ptr<Connection> connection, LocalManager* manager) {
  Connection* const started = connection.get();
  Enter(std::move(connection), manager, nullptr);
  started->Start(this);
}

void Worker::OnTurnedAway(LocalManager* manager, Transport transport, const net::ByteStream& stream,
                          const absl::Status& limit) {
  const int direction = IndexOf(Direction::kIncoming);
  totals_.connections_opened[direction][IndexOf(transport)].Add();
  totals_.connections_closed[direction][IndexOf(transport)][static_cast<int>(CloseReason::kLimit)]
      .Add();
  events_.TellTurnedAway(*manager->state, connections_.NewId(), transport, stream, limit);
}

void Worker::OnAcceptFailed(LocalManager* manager, const absl::Status& status) {
  totals_.accept_failures.Add();
  events_.TellAcceptFailed(*manager->state, status);
}

void Worker::OnListenerFailed(LocalManager* manager, uint64_t listening,
                              const absl::Status& status) {
  totals_.accept_failures.Add();
  if (!manager->state->FailListening(listening, status)) return;
  // None may go on accepting for a failed manager, and the port must be free for a restart, which
  // may have begun by then. Not from inside the acceptor.
  for (int i = 0; i < worker_count_; ++i) {
    post_(i, [state = manager->state, listening](Worker& worker) {
      LocalManager* const local = worker.managers_.Find(state.get());
      if (local != nullptr) worker.acceptance_->Remove(local, listening);
    });
  }
}

void Worker::Enter(std::unique_ptr<Connection> connection, LocalManager* manager,
                   pool::ConnectionPool* pool) {
  const ConnectionSlot& slot = *connections_.Insert(std::move(connection), manager, pool);
  ++manager->connection_count;
  CountOpened(slot);
  events_.TellOpened(slot);
}

void Worker::CountOpened(const ConnectionSlot& slot) {
  const int direction = IndexOf(slot.connection->direction());
  const int transport = IndexOf(slot.connection->transport());
  totals_.connections[direction][transport].Add(1);
  totals_.connections_opened[direction][transport].Add();
  slot.manager->state->connection_counts[direction].fetch_add(1, std::memory_order_relaxed);
}

// --- Connections -----------------------------------------------------------------------------

void Worker::OnEstablished(Connection& connection) {
  ConnectionSlot& slot = *ConnectionTable::SlotOf(connection);
  acceptance_->OnEstablished(slot);
  events_.TellEstablished(slot);
  ConnectionTable::RetireIfDue(slot, means_.loop->Now());
  CloseIfRemovedMeanwhile(slot, means_.loop->WallNow());
}

void Worker::OnMessage(Connection& connection, const sip::MessageView& message) {
  ConnectionSlot& slot = *ConnectionTable::SlotOf(connection);
  if (message.is_request()) {
    NoteAlias(slot, message);
    inbound_->OnRequest(slot, message);
  } else {
    outbound_->OnResponse(slot, message);
  }
}

void Worker::OnMalformed(Connection& connection, const sip::MessageView& message,
                         const sip::ParseVerdict& verdict) {
  ConnectionSlot& slot = *ConnectionTable::SlotOf(connection);
  events_.TellMalformed(
      slot, absl::InvalidArgumentError(absl::StrCat(verdict.field, ": ", verdict.reason)));
  inbound_->OnMalformed(slot, message, verdict);
}

void Worker::OnClosed(Connection& connection, CloseReason reason, const absl::Status& detail) {
  ConnectionSlot& slot = *ConnectionTable::SlotOf(connection);
  LocalManager* const manager = slot.manager;
  const int direction = IndexOf(connection.direction());
  const int transport = IndexOf(connection.transport());
  load_.Forget(slot);
  WorkerEvents::Closing closing = events_.Close(slot, reason, detail);
  if (closing.is_refusal()) totals_.tls_refused.Add();
  acceptance_->OnClosed(slot);
  const absl::Status why =
      detail.ok() ? absl::UnavailableError(connection::CloseReasonName(reason)) : detail;
  outbound_->OnConnectionClosed(slot, why);
  pools_->OnConnectionClosed(slot, reason);
  flows_->OnConnectionClosed(slot, why);
  totals_.connections[direction][transport].Add(-1);
  totals_.connections_closed[direction][transport][static_cast<int>(reason)].Add();
  manager->state->connection_counts[direction].fetch_sub(1, std::memory_order_relaxed);
  --manager->connection_count;
  connections_.Erase(connection.id());
  events_.TellClosed(std::move(closing));
  ReleaseManager(manager);
  drain_.Check();
}

Connection* Worker::AdoptOutgoing(std::unique_ptr<Connection> connection, LocalManager* manager,
                                  pool::ConnectionPool* pool) {
  Connection* const adopted = connection.get();
  adopted->SetListener(this);
  Enter(std::move(connection), manager, pool);
  const bool is_mutual = adopted->peer() != nullptr && adopted->peer()->asks_for_certificate &&
                         manager->runtime.Get()->config.kind == ManagerKind::kServerTls;
  if (is_mutual) {
    const pool::Destination& destination = pool->destination();
    ConnectionTable::SlotOf(*adopted)->ForSending().auto_host = manager->state->auto_hosts().Add(
        destination.tls_name.empty() ? destination.host : destination.tls_name);
  }
  OnEstablished(*adopted);
  flows_->OnConnection(*ConnectionTable::SlotOf(*adopted));
  return adopted;
}

void Worker::OnServerRefused(const LocalManager& manager, const pool::Destination& destination,
                             const Connection& connection, const absl::Status& detail) {
  totals_.tls_refused.Add();
  events_.TellServerRefused(*manager.state, destination, connection, detail);
}

void Worker::OnConnectFailed(const LocalManager& manager, const pool::Destination& destination,
                             const absl::Status& failure) {
  events_.TellConnectFailed(*manager.state, destination, failure);
}

void Worker::OnPoolAdded(const PoolSnapshot& pool) {
  events_.TellPool(EngineEvent::Kind::kPoolAdded, pool);
}

void Worker::OnPoolChanged(const PoolSnapshot& pool) {
  events_.TellPool(EngineEvent::Kind::kPoolChanged, pool);
}

void Worker::OnTargetHealth(const PoolSnapshot& pool, const absl::Status& why) {
  events_.TellPool(EngineEvent::Kind::kTargetHealth, pool, why);
}

void Worker::OnPoolRemoved(LocalManager* manager, const PoolSnapshot& pool) {
  events_.TellPool(EngineEvent::Kind::kPoolRemoved, pool);
  ReleaseManager(manager);
}

void Worker::OnManagerThrottling(LocalManager& manager, ThrottleChange change, int count) {
  throttling_events_.TellManager(manager, change, count);
}

void Worker::OnEndpointThrottling(const PlannedSend& of, ThrottleChange change) {
  throttling_events_.TellEndpoint(of, change);
}

registration::Authenticator* Worker::AuthenticatorOf(const PlannedSend& send) {
  if (send.endpoint->kind != dispatch::EndpointKind::kRegistered) return nullptr;
  return flows_->AuthenticatorOf(send.endpoint->id, send.manager);
}

// --- To the other workers ----------------------------------------------------------------------

void Worker::WakeWorker(int worker, std::shared_ptr<dispatch::SubscriptionGroup> group) {
  post_(worker, [group = std::move(group)](Worker& other) { other.inbound().OnCredit(group); });
}

void Worker::PostToDialogs(int worker, absl::AnyInvocable<void(DialogDirectory&)> task) {
  post_(worker, [task = std::move(task)](Worker& other) mutable { task(*other.dialogs_); });
}

void Worker::PostToRouter(int worker, absl::AnyInvocable<void(SendRouter&)> task) {
  post_(worker, [task = std::move(task)](Worker& other) mutable { task(*other.sends_); });
}

void Worker::PostToOthers(const std::function<void(Worker&)>& task) {
  for (int i = 0; i < worker_count_; ++i) {
    if (i != connections_.worker()) post_(i, task);
  }
}

void Worker::CarryAnswer(LocalManager& manager, pool::Destination destination, std::string response,
                         AnswerCourier::Done done) {
  if (manager.runtime.Get()->config.kind == ManagerKind::kClient) {
    return done(absl::FailedPreconditionError("a client manager opens no connection to its peers"));
  }
  const int home = HomeOf(*manager.state, destination, worker_count_);
  post_(home, [state = manager.state, destination = std::move(destination),
               response = std::move(response), done = std::move(done)](Worker& worker) mutable {
    if (state->removed.load(std::memory_order_acquire)) return done(state->DeletedError());
    if (worker.drain_.is_closing()) {
      return done(absl::UnavailableError("the server ends"));
    }
    worker.courier_->Carry(worker.managers_.For(state), destination, std::move(response),
                           std::move(done));
  });
}

void Worker::CarryAck(int worker, std::shared_ptr<const dispatch::RequestRecord> ack) {
  post_(worker, [ack = std::move(ack)](Worker& other) { other.inbound().OnForeignAck(ack); });
}

void Worker::AskOthersForAck(const std::string& call_key) {
  PostToOthers([call_key](Worker& other) { other.outbound().RepeatSentAck(call_key); });
}

// --- What control asks -------------------------------------------------------------------------

void Worker::ForgetEndpoint(const dispatch::EndpointDirectory::EntryPointer& entry) {
  inbound_->ForgetGroup(entry->group);
  dialogs_->ForgetEndpoint(entry->endpoint->id);
}

void Worker::ApplyFlow(const std::shared_ptr<ManagerState>& manager,
                       std::shared_ptr<const dispatch::Endpoint> endpoint,
                       const pool::Destination& destination,
                       std::shared_ptr<EndpointStatusCell> status) {
  if (drain_.has_begun() || manager->removed.load(std::memory_order_acquire)) return;
  flows_->Apply(managers_.For(manager), std::move(endpoint), destination, std::move(status));
}

void Worker::ApplyPool(const std::shared_ptr<ManagerState>& manager,
                       const pool::Destination& destination, const pool::PoolSetting& setting) {
  if (drain_.has_begun() || manager->removed.load(std::memory_order_acquire)) return;
  pools_->ApplySetting(managers_.For(manager), destination, setting);
}

absl::StatusOr<PoolSnapshot> Worker::RemovePool(const std::shared_ptr<ManagerState>& manager,
                                                const pool::Destination& destination,
                                                PoolRemoval removal) {
  if (manager->removed.load(std::memory_order_acquire)) return manager->DeletedError();
  return pools_->Remove(managers_.For(manager), destination, removal);
}

void Worker::TellState(uint64_t round) {
  WorkerState state;
  state.round = round;
  state.worker_count = worker_count_;
  state.connections = control_.List("");
  state.pools = Pools("");
  events_.TellState(std::move(state));
}

void Worker::ApplyMarks(const std::shared_ptr<ManagerState>& manager) {
  LocalManager* const local = managers_.Find(manager.get());
  if (local == nullptr) return;
  load_.ApplyMarks(local);
  inbound_->WeighMessages(*local);
}

void Worker::WatchOnOthers(const std::shared_ptr<ManagerState>& manager) {
  PostToOthers([manager](Worker& other) {
    if (!manager->removed.load(std::memory_order_acquire)) {
      other.inbound_->WatchMessages(*other.managers_.For(manager));
    }
  });
}

// --- The end -----------------------------------------------------------------------------------

void Worker::Drain(absl::Duration timeout, absl::AnyInvocable<void()> done) {
  if (!drain_.has_begun()) {
    acceptance_->Clear();
    inbound_->Drain();
    flows_->Drain();  // while it may still send
    outbound_->Drain();
  }
  drain_.Begin(timeout, std::move(done));
}

void Worker::EndOpenWork() {
  inbound_->AnswerAllOpen();
  outbound_->FailAllOpen(MakeError(absl::StatusCode::kUnavailable, "DRAINING",
                                   "the server ended before the final answer came"));
}

void Worker::CloseConnections() {
  ForgetPools(CloseReason::kShutdown);
  for (const connection::ConnectionId id : connections_.Ids()) {
    ConnectionSlot* slot = connections_.Find(id);
    if (slot != nullptr) slot->connection->CloseAfterFlush(CloseReason::kShutdown);
  }
}

}  // namespace sipcm::engine
