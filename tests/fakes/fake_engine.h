#ifndef SIPCM_TESTS_FAKES_FAKE_ENGINE_H_
#define SIPCM_TESTS_FAKES_FAKE_ENGINE_H_

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/engine/engine.h"

namespace sipcm::fakes {

// An engine without workers, sockets and messages: it keeps what is applied to it, refuses what
// the seam says has to be refused, and calls back from a thread of its own, as workers do. For
// tests of the control services. Any thread.
class FakeEngine final : public engine::Engine {
 public:
  FakeEngine() = default;
  ~FakeEngine() override;  // waits for its callbacks

  // --- What a test arranges ---
  void PutConnection(engine::ConnectionSnapshot connection);
  void PutLivePool(engine::PoolSnapshot pool);
  void SetTotals(const engine::EngineTotals& totals);
  void SetVerdict(tls::PeerVerdict verdict);
  void SetExplanation(absl::StatusOr<engine::DispatchExplanation> explanation);
  // How every endpoint is.
  void SetEndpointStatus(engine::EndpointStatus status);
  // Of every endpoint.
  void SetEndpointStatistics(const engine::EndpointStatistics& statistics);
  // The next StartListening answers this.
  void FailNextListening(absl::Status status);
  // Who hears the answers to TellState(). Outlives this.
  void SetEvents(engine::EventSink* events);

  // --- What a test looks at ---
  engine::ManagerConfig manager(const std::string& id) const;  // CHECKs that it is there
  bool has_manager(const std::string& id) const;
  int apply_manager_count() const;
  dispatch::Endpoint endpoint(const std::string& id) const;
  bool has_endpoint(const std::string& id) const;
  std::string last_explained() const;
  connection::ConnectionId last_explained_connection() const;
  // "edge certificates/a@2 drain", in order.
  std::vector<std::string> retirements() const;
  bool shut_down() const;

  absl::Status ApplyManager(engine::ManagerConfig config) override;
  absl::Status RemoveManager(const std::string& manager_id) override;
  absl::StatusOr<engine::ManagerStatus> StartListening(const std::string& manager_id) override;
  void StopListening(const std::string& manager_id, Callback<engine::ManagerStatus> done) override;
  absl::StatusOr<engine::ManagerStatus> GetManagerStatus(
      const std::string& manager_id) const override;
  absl::StatusOr<tls::PeerVerdict> CheckPeer(const std::string& manager_id,
                                             const std::string& chain_pem, tls::PeerRole role,
                                             const std::string& asked_host,
                                             absl::optional<absl::Time> at) const override;
  absl::Status ApplyEndpoint(dispatch::Endpoint endpoint) override;
  absl::Status RemoveEndpoint(const std::string& endpoint_id) override;
  absl::StatusOr<engine::EndpointStatus> GetEndpointStatus(
      const std::string& endpoint_id) const override;
  absl::StatusOr<engine::EndpointStatistics> GetEndpointStatistics(
      const std::string& endpoint_id) const override;
  void ExplainDispatch(const std::string& manager_id, std::string request,
                       connection::ConnectionId connection,
                       Callback<engine::DispatchExplanation> done) const override;
  absl::Status ApplyPool(engine::PoolConfig config) override;
  void RemovePool(const std::string& manager_id, const pool::Destination& destination,
                  engine::PoolRemoval removal, Callback<engine::PoolSnapshot> done) override;
  void ListPools(const std::string& manager_id,
                 Callback<std::vector<engine::PoolSnapshot>> done) override;
  void ListConnections(const std::string& manager_id,
                       Callback<std::vector<engine::ConnectionSnapshot>> done) override;
  void GetConnection(connection::ConnectionId id,
                     Callback<engine::ConnectionSnapshot> done) override;
  void SetConnectionIdleTimeout(connection::ConnectionId id, absl::Duration timeout,
                                Callback<engine::ConnectionSnapshot> done) override;
  void SetConnectionThrottling(connection::ConnectionId id,
                               const absl::optional<engine::ThrottleMarks>& marks,
                               Callback<engine::ConnectionSnapshot> done) override;
  void CloseConnection(connection::ConnectionId id, absl::optional<absl::Duration> drain_timeout,
                       Callback<engine::ConnectionSnapshot> done) override;
  // Answers how many connections of the manager were let in by these patterns, and removes them.
  void CloseConnectionsOf(const std::string& manager_id, std::vector<tls::AllowedDomain> removed,
                          Callback<int> done) override;
  // Answers how many connections of the manager present another version of the object, and removes
  // them; retirements() tells what was asked.
  void RetireConnections(const std::string& manager_id, const std::string& object,
                         const std::string& version, engine::Retiring retiring,
                         Callback<int> done) override;
  // Messages are not for this fake: subscriptions are refused, orders are not answered.
  absl::StatusOr<std::unique_ptr<engine::Subscription>> Subscribe(
      engine::SubscriptionOptions options, std::shared_ptr<dispatch::DeliverySink> sink) override;
  void Respond(std::vector<engine::ResponseOrder> orders,
               std::shared_ptr<engine::ResponseSink> sink) override;
  void Send(std::vector<engine::SendOrder> orders, std::shared_ptr<engine::SendSink> sink) override;
  void CancelSends(std::vector<uint64_t> cookies, std::shared_ptr<engine::SendSink> sink) override;
  engine::EngineTotals GetTotals() const override;
  // Tells it at once, as one worker that has all connections and pools.
  void TellState(uint64_t round) override;
  void Shutdown(absl::Duration timeout, absl::AnyInvocable<void()> done) override;

 private:
  struct Manager {
    engine::ManagerConfig config;
    engine::ManagerStatus status;
  };
  // Runs `call` on another thread.
  void Later(absl::AnyInvocable<void()> call);

  mutable absl::Mutex mutex_;
  std::map<std::string, Manager> managers_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, dispatch::Endpoint> endpoints_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, engine::PoolSnapshot> pools_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, engine::ConnectionSnapshot> connections_ ABSL_GUARDED_BY(mutex_);
  engine::EngineTotals totals_ ABSL_GUARDED_BY(mutex_);
  engine::EventSink* events_ ABSL_GUARDED_BY(mutex_) = nullptr;
  tls::PeerVerdict verdict_ ABSL_GUARDED_BY(mutex_);
  absl::StatusOr<engine::DispatchExplanation> explanation_ ABSL_GUARDED_BY(mutex_) =
      engine::DispatchExplanation();
  mutable std::string last_explained_ ABSL_GUARDED_BY(mutex_);
  mutable connection::ConnectionId last_explained_connection_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> retirements_ ABSL_GUARDED_BY(mutex_);
  engine::EndpointStatus endpoint_status_ ABSL_GUARDED_BY(mutex_);
  engine::EndpointStatistics endpoint_statistics_ ABSL_GUARDED_BY(mutex_);
  absl::Status next_listening_ ABSL_GUARDED_BY(mutex_);
  int apply_manager_count_ ABSL_GUARDED_BY(mutex_) = 0;
  bool shut_down_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipcm::fakes

#endif  // SIPCM_TESTS_FAKES_FAKE_ENGINE_H_
