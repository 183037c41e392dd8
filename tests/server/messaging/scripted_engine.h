#ifndef SIPCM_TESTS_SERVER_MESSAGING_SCRIPTED_ENGINE_H_
#define SIPCM_TESTS_SERVER_MESSAGING_SCRIPTED_ENGINE_H_

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/engine/engine.h"

namespace sipcm::server {

// An engine that does what a test says: it keeps what it was told, and its one worker tells what
// the test wants told. Only messages; the rest answers UNIMPLEMENTED. Waits give up after 20 s.
class ScriptedEngine final : public engine::Engine {
 public:
  // One subscription, as long as the engine lives.
  struct Subscribed {
    engine::SubscriptionOptions options;
    std::shared_ptr<dispatch::DeliverySink> sink;
    int credit = 0;
    bool ended = false;  // the server destroyed it
    bool left = false;   // and said before that its application ended it
  };
  using RespondScript =
      std::function<std::vector<engine::ResponseResult>(const std::vector<engine::ResponseOrder>&)>;

  ScriptedEngine();
  ~ScriptedEngine() override;

  // --- What the test says ---
  // The next Subscribe() answers this.
  void FailSubscribe(absl::Status status);
  // Of all later subscriptions.
  void SetResumption(engine::Resumption resumption);
  // Called inside Subscribe(), before it returns.
  void DuringSubscribe(std::function<void(dispatch::DeliverySink&)> action);
  // What Respond() answers, told by the worker. Default: OK on the same connection. Null: nothing.
  void AnswerResponses(RespondScript script);
  // Runs on the worker, in order.
  void OnWorker(std::function<void()> task);
  // The worker hands these to the index-th subscription, and the call waits until it has.
  void Deliver(size_t index, std::vector<dispatch::Delivery> batch);
  void EndSubscription(size_t index, absl::Status why);
  // The worker tells the sink of the index-th send.
  void Tell(size_t index, std::vector<engine::SendEvent> events);
  void TellResults(size_t call, std::vector<engine::ResponseResult> results);

  // --- What it was told; each waits until there is that much ---
  Subscribed subscription(size_t index);
  void AwaitSubscriptionEnd(size_t index);
  void AwaitCredit(size_t index, int credit);
  std::vector<engine::ResponseOrder> responses(size_t count);
  // How many orders each Respond() had, so far.
  std::vector<size_t> respond_batches();
  engine::SendOrder send(size_t index);
  std::vector<uint64_t> cancels(size_t count);

  // --- engine::Engine ---
  absl::StatusOr<std::unique_ptr<engine::Subscription>> Subscribe(
      engine::SubscriptionOptions options, std::shared_ptr<dispatch::DeliverySink> sink) override;
  void Respond(std::vector<engine::ResponseOrder> orders,
               std::shared_ptr<engine::ResponseSink> sink) override;
  void Send(std::vector<engine::SendOrder> orders, std::shared_ptr<engine::SendSink> sink) override;
  void CancelSends(std::vector<uint64_t> cookies, std::shared_ptr<engine::SendSink> sink) override;

  absl::Status ApplyManager(engine::ManagerConfig) override { return Unused(); }
  absl::Status RemoveManager(const std::string&) override { return Unused(); }
  absl::StatusOr<engine::ManagerStatus> StartListening(const std::string&) override {
    return Unused();
  }
  void StopListening(const std::string&, Callback<engine::ManagerStatus>) override {}
  absl::StatusOr<engine::ManagerStatus> GetManagerStatus(const std::string&) const override {
    return Unused();
  }
  absl::StatusOr<tls::PeerVerdict> CheckPeer(const std::string&, const std::string&, tls::PeerRole,
                                             const std::string&,
                                             absl::optional<absl::Time>) const override {
    return Unused();
  }
  absl::Status ApplyEndpoint(dispatch::Endpoint) override { return Unused(); }
  absl::Status RemoveEndpoint(const std::string&) override { return Unused(); }
  absl::StatusOr<engine::EndpointStatus> GetEndpointStatus(const std::string&) const override {
    return Unused();
  }
  absl::StatusOr<engine::EndpointStatistics> GetEndpointStatistics(
      const std::string&) const override {
    return Unused();
  }
  void ExplainDispatch(const std::string&, std::string, connection::ConnectionId,
                       Callback<engine::DispatchExplanation>) const override {}
  absl::Status ApplyPool(engine::PoolConfig) override { return Unused(); }
  void RemovePool(const std::string&, const pool::Destination&, engine::PoolRemoval,
                  Callback<engine::PoolSnapshot>) override {}
  void ListPools(const std::string&, Callback<std::vector<engine::PoolSnapshot>>) override {}
  void ListConnections(const std::string&,
                       Callback<std::vector<engine::ConnectionSnapshot>>) override {}
  void GetConnection(connection::ConnectionId, Callback<engine::ConnectionSnapshot>) override {}
  void SetConnectionIdleTimeout(connection::ConnectionId, absl::Duration,
                                Callback<engine::ConnectionSnapshot>) override {}
  void SetConnectionThrottling(connection::ConnectionId,
                               const absl::optional<engine::ThrottleMarks>&,
                               Callback<engine::ConnectionSnapshot>) override {}
  void CloseConnection(connection::ConnectionId, absl::optional<absl::Duration>,
                       Callback<engine::ConnectionSnapshot>) override {}
  void CloseConnectionsOf(const std::string&, std::vector<tls::AllowedDomain>,
                          Callback<int>) override {}
  void RetireConnections(const std::string&, const std::string&, const std::string&,
                         engine::Retiring, Callback<int>) override {}
  engine::EngineTotals GetTotals() const override { return {}; }
  void TellState(uint64_t) override {}
  void Shutdown(absl::Duration, absl::AnyInvocable<void()> done) override { done(); }

 private:
  class Handle;
  static absl::Status Unused() { return absl::UnimplementedError("not scripted"); }
  void RunWorker();
  void Await(std::function<bool()> condition) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status fail_subscribe_ ABSL_GUARDED_BY(mutex_);
  engine::Resumption resumption_ ABSL_GUARDED_BY(mutex_);
  std::function<void(dispatch::DeliverySink&)> during_subscribe_ ABSL_GUARDED_BY(mutex_);
  RespondScript respond_script_ ABSL_GUARDED_BY(mutex_);
  std::deque<Subscribed> subscriptions_ ABSL_GUARDED_BY(mutex_);
  std::vector<engine::ResponseOrder> responses_ ABSL_GUARDED_BY(mutex_);
  std::vector<size_t> respond_batches_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<engine::ResponseSink>> response_sinks_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::pair<engine::SendOrder, std::shared_ptr<engine::SendSink>>> sends_
      ABSL_GUARDED_BY(mutex_);
  std::vector<uint64_t> cancels_ ABSL_GUARDED_BY(mutex_);
  std::thread worker_;
};

}  // namespace sipcm::server

#endif  // SIPCM_TESTS_SERVER_MESSAGING_SCRIPTED_ENGINE_H_
