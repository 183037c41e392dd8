#ifndef SIPCM_CORE_ENGINE_SHARDED_ENGINE_H_
#define SIPCM_CORE_ENGINE_SHARDED_ENGINE_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "core/base/random_source.h"
#include "core/engine/engine.h"
#include "core/engine/manager/manager_state.h"
#include "core/engine/subscription/resume_directory.h"
#include "core/engine/worker/gathering.h"
#include "core/engine/worker/worker.h"

namespace sipcm::engine {

// The engine over N workers. It runs no thread of its own: loops are given, and the same code runs
// on real ones and, in one thread and virtual time, on manual ones. Destroy it after the loops
// have stopped, or on the thread that steps them.
class ShardedEngine final : public Engine {
 public:
  struct Options {
    std::vector<WorkerMeans> workers;     // 1..64
    EventSink* events = nullptr;          // outlives the engine
    RandomSource* random = nullptr;       // of control calls, under their lock; outlives the engine
    int max_subscription_count = 100000;  // open at once; those that come back are on top
  };
  explicit ShardedEngine(const Options& options);
  ~ShardedEngine() override;

  absl::Status ApplyManager(ManagerConfig config) override;
  absl::Status RemoveManager(const std::string& manager_id) override;
  absl::StatusOr<ManagerStatus> StartListening(const std::string& manager_id) override;
  void StopListening(const std::string& manager_id, Callback<ManagerStatus> done) override;
  absl::StatusOr<ManagerStatus> GetManagerStatus(const std::string& manager_id) const override;
  absl::StatusOr<tls::PeerVerdict> CheckPeer(const std::string& manager_id,
                                             const std::string& chain_pem, tls::PeerRole role,
                                             const std::string& asked_host,
                                             absl::optional<absl::Time> at) const override;

  absl::Status ApplyEndpoint(dispatch::Endpoint endpoint) override;
  absl::Status RemoveEndpoint(const std::string& endpoint_id) override;
  absl::StatusOr<EndpointStatus> GetEndpointStatus(const std::string& endpoint_id) const override;
  absl::StatusOr<EndpointStatistics> GetEndpointStatistics(
      const std::string& endpoint_id) const override;
  void ExplainDispatch(const std::string& manager_id, std::string request,
                       connection::ConnectionId connection,
                       Callback<DispatchExplanation> done) const override;

  absl::Status ApplyPool(PoolConfig config) override;
  void RemovePool(const std::string& manager_id, const pool::Destination& destination,
                  PoolRemoval removal, Callback<PoolSnapshot> done) override;
  void ListPools(const std::string& manager_id, Callback<std::vector<PoolSnapshot>> done) override;
  void ListConnections(const std::string& manager_id,
                       Callback<std::vector<ConnectionSnapshot>> done) override;
  void GetConnection(connection::ConnectionId id, Callback<ConnectionSnapshot> done) override;
  void SetConnectionIdleTimeout(connection::ConnectionId id, absl::Duration timeout,
                                Callback<ConnectionSnapshot> done) override;
  void SetConnectionThrottling(connection::ConnectionId id,
                               const absl::optional<ThrottleMarks>& marks,
                               Callback<ConnectionSnapshot> done) override;
  void CloseConnection(connection::ConnectionId id, absl::optional<absl::Duration> drain_timeout,
                       Callback<ConnectionSnapshot> done) override;
  void CloseConnectionsOf(const std::string& manager_id, std::vector<tls::AllowedDomain> removed,
                          Callback<int> done) override;
  void RetireConnections(const std::string& manager_id, const std::string& object,
                         const std::string& version, Retiring retiring,
                         Callback<int> done) override;

  absl::StatusOr<std::unique_ptr<Subscription>> Subscribe(
      SubscriptionOptions options, std::shared_ptr<dispatch::DeliverySink> sink) override;
  void Respond(std::vector<ResponseOrder> orders, std::shared_ptr<ResponseSink> sink) override;
  void Send(std::vector<SendOrder> orders, std::shared_ptr<SendSink> sink) override;
  void CancelSends(std::vector<uint64_t> cookies, std::shared_ptr<SendSink> sink) override;

  EngineTotals GetTotals() const override;
  void TellState(uint64_t round) override;
  void Shutdown(absl::Duration timeout, absl::AnyInvocable<void()> done) override;

 private:
  class OpenSubscription;
  friend class OpenSubscription;
  using ManagerPointer = std::shared_ptr<ManagerState>;
  // A REGISTERED endpoint, as its home worker keeps it.
  struct Registered {
    pool::Destination destination;  // dedicated to it: names the home
    std::shared_ptr<EndpointStatusCell> status;
  };

  struct Sender;
  // A send on its way to the worker that will do it.
  struct RoutedSend {
    int worker = 0;
    ManagerPointer manager;
    PlannedSend planned;
  };

  void Post(int worker, absl::AnyInvocable<void(Worker&)> task) const;
  void PostToAll(const std::function<void(Worker&)>& task) const;
  // `cookies` in order. What no worker knows is asked for `more_rounds` times more.
  void CancelOnWorkers(std::vector<uint64_t> cookies, const std::shared_ptr<SendSink>& sink,
                       int more_rounds);
  int worker_count() const { return static_cast<int>(workers_.size()); }
  // Runs `ask` on every worker and hands all answers, in order of workers, to `done`.
  template <typename T>
  void Gather(std::function<T(Worker&)> ask, absl::AnyInvocable<void(std::vector<T>)> done) const {
    auto gathering = std::make_shared<Gathering<T>>(worker_count(), std::move(done));
    for (int i = 0; i < worker_count(); ++i) {
      Post(i, [gathering, ask, i](Worker& worker) { gathering->Put(i, ask(worker)); });
    }
  }
  void WithConnection(connection::ConnectionId id,
                      absl::AnyInvocable<void(Worker&, connection::Connection&)> change,
                      Callback<ConnectionSnapshot> done) const;
  int HomeOf(const ManagerState& manager, const pool::Destination& destination) const;

  // Whose own flow it is; empty: nobody's.
  std::string EndpointOfFlow(connection::ConnectionId connection) const;

  absl::StatusOr<ManagerPointer> FindManager(const std::string& manager_id) const;
  absl::StatusOr<ManagerPointer> FindManagerLocked(const std::string& manager_id) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(control_);
  ManagerStatus StatusOf(const ManagerState& manager) const;
  absl::Status Listen(const ManagerPointer& manager) ABSL_EXCLUSIVE_LOCKS_REQUIRED(control_);
  using BoundListeners = std::vector<std::vector<std::unique_ptr<net::BoundListener>>>;
  // All addresses for all workers: [worker][address]. A port that nobody chose and that is in use
  // at another address is not the last one tried.
  absl::StatusOr<BoundListeners> BindAll(const ManagerConfig& config)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(control_);
  absl::Status BindOnce(const ManagerConfig& config, BoundListeners* bound)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(control_);
  void ApplyFlow(const ManagerPointer& manager,
                 const std::shared_ptr<const dispatch::Endpoint>& endpoint,
                 pool::Destination first_hop) ABSL_EXCLUSIVE_LOCKS_REQUIRED(control_);
  void RemoveFlow(const ManagerState& manager, const std::string& endpoint_id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(control_);
  absl::Status RemoveEndpointLocked(const std::string& endpoint_id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(control_);
  absl::StatusOr<ManagerPointer> ManagerOfEndpoint(const std::string& endpoint_id) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(control_);
  absl::StatusOr<std::shared_ptr<dispatch::SubscriptionGroup>> GroupOf(
      const SubscriptionOptions& options) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(control_);
  absl::StatusOr<std::shared_ptr<dispatch::Lineage>> LineageOf(const SubscriptionOptions& options,
                                                               Resumption* resumption)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(control_);
  // Has all workers hand it what waits for its lineage, then tells it what is lost.
  void TellResumed(const std::shared_ptr<dispatch::SubscriptionState>& subscription) const;
  void EndSubscription(const std::shared_ptr<dispatch::SubscriptionState>& subscription,
                       dispatch::Parting parting);
  // Out of its group's list.
  void TakeOut(const std::shared_ptr<dispatch::SubscriptionState>& subscription)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(control_);
  // By the engine: its sink is told `why`. It is out of the list.
  void EndNow(const std::shared_ptr<dispatch::SubscriptionState>& subscription,
              dispatch::Parting parting, const absl::Status& why)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(control_);
  void EndSubscriptions(const std::shared_ptr<dispatch::SubscriptionGroup>& group,
                        const absl::Status& why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(control_);
  void OfferCredit(const std::shared_ptr<dispatch::SubscriptionGroup>& group) const;
  absl::StatusOr<Sender> FindSender(const std::string& endpoint_id) const;
  absl::Status PlanSend(const Sender& sender, SendOrder order, RoutedSend* send) const;

  // Serialises control; never taken by a worker.
  mutable absl::Mutex control_;
  absl::flat_hash_map<std::string, ManagerPointer> managers_ ABSL_GUARDED_BY(control_);
  absl::flat_hash_map<std::string, ManagerPointer> endpoint_managers_ ABSL_GUARDED_BY(control_);
  absl::flat_hash_map<std::string, Registered> registered_
      ABSL_GUARDED_BY(control_);  // by endpoint
  ResumeDirectory resumable_ ABSL_GUARDED_BY(control_);
  uint64_t last_subscription_ ABSL_GUARDED_BY(control_) = 0;
  bool shut_down_ ABSL_GUARDED_BY(control_) = false;
  std::atomic<int64_t> subscription_count_{0};
  std::atomic<uint64_t> last_generation_{0};  // of managers' settings

  const std::vector<WorkerMeans> means_;
  EventSink* const events_;
  const int64_t max_subscription_count_;
  transaction::OngoingRequests ongoing_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_SHARDED_ENGINE_H_
