#ifndef SIPCM_CORE_ENGINE_ENGINE_H_
#define SIPCM_CORE_ENGINE_ENGINE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/dispatch/delivery.h"
#include "core/engine/engine_config.h"
#include "core/engine/engine_event.h"
#include "core/engine/engine_snapshot.h"
#include "core/engine/message_order.h"
#include "core/engine/registered/endpoint_status.h"
#include "core/engine/retirement.h"
#include "core/tls/peer_verifier.h"

namespace sipcm::engine {

// Which requests a subscription wants, and how many it takes unanswered.
struct SubscriptionOptions {
  // Exactly one. A manager's subscription gets what its endpoints' own subscriptions do not.
  std::string endpoint_id;
  std::string manager_id;
  std::vector<std::string> methods;  // empty = all
  int max_outstanding_count = 256;   // credit: 1..1,000,000
  // The requests of dialogs that are made by sends with this sink go to this subscription. Only
  // compared; null: none.
  const SendSink* sender = nullptr;
  std::string resume_token;  // of an earlier one; empty: it begins afresh
  // When its stream breaks: how long what nobody else takes waits for its return. 0..60 s.
  absl::Duration resume_timeout;
};

// What an application needs to come back, and what it came back to.
struct Resumption {
  std::string token;  // the same for all that resume each other
  bool resumed = false;
  // Open requests of its own that follow; one that ends meanwhile does not come.
  int64_t outstanding_count = 0;
};

// An application's open stream. Destroying it says that its stream broke: its unanswered requests
// go to others, or wait for its return as its options say, or are answered. Any thread, but not
// from inside a sink's call.
class Subscription {
 public:
  virtual ~Subscription() = default;
  // Raises (or, negative, lowers) how many unanswered deliveries it takes.
  virtual void AddCredit(int count) = 0;
  // The application ends it: nothing waits for its return, and its token is worth nothing. To be
  // destroyed next.
  virtual void Leave() = 0;
  virtual const Resumption& resumption() const = 0;
};

// The seam between the gRPC server and the core (architecture.md 1): aspired state in, snapshots
// and events out. Implementations: ShardedEngine, and a fake in tests/fakes.
//
// Thread: every method from any thread, unless said otherwise. Methods that answer at once take
// one control lock that no worker ever takes; a change is in force for every byte that arrives
// after the method returned. Methods with a callback never block: it is called once, from a
// worker's thread, never from inside the call. Nothing waits for a worker.
class Engine {
 public:
  template <typename T>
  using Callback = absl::AnyInvocable<void(absl::StatusOr<T>)>;

  virtual ~Engine() = default;

  // --- Connection managers ---
  // Creates it, or replaces its settings: for later connections, existing ones keep theirs.
  // FAILED_PRECONDITION (MANAGER_LISTENING) when kind or listen_addresses change while listening.
  virtual absl::Status ApplyManager(ManagerConfig config) = 0;
  // Stops it, closes its connections (kAdmin), ends its endpoints' and its own subscriptions.
  // NOT_FOUND. Its endpoints must have been removed before, or are removed with it.
  virtual absl::Status RemoveManager(const std::string& manager_id) = 0;
  // FAILED_PRECONDITION (ALREADY_LISTENING, CLIENT_MANAGER_NEVER_LISTENS, NO_LISTEN_ADDRESS),
  // UNAVAILABLE (ADDRESS_IN_USE, ...; the manager is then kFailed and may be started again).
  virtual absl::StatusOr<ManagerStatus> StartListening(const std::string& manager_id) = 0;
  // Established connections stay. FAILED_PRECONDITION (NOT_LISTENING). Called back once no worker
  // accepts any more and the port is free.
  virtual void StopListening(const std::string& manager_id, Callback<ManagerStatus> done) = 0;
  virtual absl::StatusOr<ManagerStatus> GetManagerStatus(const std::string& manager_id) const = 0;
  // As JudgeAsHandshake(), with this chain; nothing changes. NOT_FOUND, INVALID_ARGUMENT.
  virtual absl::StatusOr<tls::PeerVerdict> CheckPeer(const std::string& manager_id,
                                                     const std::string& chain_pem,
                                                     tls::PeerRole role,
                                                     const std::string& asked_host,
                                                     absl::optional<absl::Time> at) const = 0;

  // --- Endpoints ---
  // Creates or replaces. ALREADY_EXISTS (ENDPOINT_ADDRESS_TAKEN): another endpoint of the manager
  // has the same (address, epid). FAILED_PRECONDITION: PEER_TO_PEER on a CLIENT manager. A
  // REGISTERED one opens its flow and registers; INVALID_ARGUMENT ("registration.registrar", ...)
  // when a manager of that kind does not go to its registrar.
  virtual absl::Status ApplyEndpoint(dispatch::Endpoint endpoint) = 0;
  // Ends its subscriptions; its open requests get their automatic answer. NOT_FOUND.
  virtual absl::Status RemoveEndpoint(const std::string& endpoint_id) = 0;
  // How far its registration is; of a PEER_TO_PEER one that has none, UNREGISTERED. NOT_FOUND.
  virtual absl::StatusOr<EndpointStatus> GetEndpointStatus(
      const std::string& endpoint_id) const = 0;
  virtual absl::StatusOr<EndpointStatistics> GetEndpointStatistics(
      const std::string& endpoint_id) const = 0;
  // `request`: a whole SIP request. INVALID_ARGUMENT when it cannot be parsed. `connection`: it
  // would come by; one that is no registered endpoint's own makes no difference. Its dialog is
  // asked, and changes nothing.
  virtual void ExplainDispatch(const std::string& manager_id, std::string request,
                               connection::ConnectionId connection,
                               Callback<DispatchExplanation> done) const = 0;

  // --- Pools and connections ---
  // Replaces its setting, for the pool that is there and for one that comes later. With a minimum
  // the pool is made at once.
  virtual absl::Status ApplyPool(PoolConfig config) = 0;
  // Closes its connections and forgets its setting. NOT_FOUND; FAILED_PRECONDITION
  // (RESOURCE_IN_USE): with kUnlessBusy, and it is.
  virtual void RemovePool(const std::string& manager_id, const pool::Destination& destination,
                          PoolRemoval removal, Callback<PoolSnapshot> done) = 0;
  // Live pools and settings without a pool, ordered by pool id. Empty manager_id = all managers.
  virtual void ListPools(const std::string& manager_id,
                         Callback<std::vector<PoolSnapshot>> done) = 0;
  // Ordered by id. Empty manager_id = all managers.
  virtual void ListConnections(const std::string& manager_id,
                               Callback<std::vector<ConnectionSnapshot>> done) = 0;
  virtual void GetConnection(connection::ConnectionId id, Callback<ConnectionSnapshot> done) = 0;
  virtual void SetConnectionIdleTimeout(connection::ConnectionId id, absl::Duration timeout,
                                        Callback<ConnectionSnapshot> done) = 0;
  // Marks on its outstanding transactions, from now on (semantics.md 8). Without: its manager's.
  virtual void SetConnectionThrottling(connection::ConnectionId id,
                                       const absl::optional<ThrottleMarks>& marks,
                                       Callback<ConnectionSnapshot> done) = 0;
  // Closes it (kAdmin): at once, or with `drain_timeout` once nothing is outstanding, at the latest
  // after that time.
  virtual void CloseConnection(connection::ConnectionId id,
                               absl::optional<absl::Duration> drain_timeout,
                               Callback<ConnectionSnapshot> done) = 0;
  // After `removed` were taken out of the manager's allowed domains: closes (kDomainRemoved) the
  // mutual-TLS connections of peers that one of them fits and that the list does not let in any
  // more. Their certificates' names are judged again; a peer that another entry covers stays. How
  // many. NOT_FOUND.
  virtual void CloseConnectionsOf(const std::string& manager_id,
                                  std::vector<tls::AllowedDomain> removed, Callback<int> done) = 0;

  // Ends the manager's connections, both ways, that were made with another version of the
  // certificate or trust bundle than the one that its settings have now (kCertificateRotated).
  // `object` "certificates/edge", `version` the one in force. Tells how many; those whose
  // handshake is under way end after it and are not counted.
  virtual void RetireConnections(const std::string& manager_id, const std::string& object,
                                 const std::string& version, Retiring retiring,
                                 Callback<int> done) = 0;

  // --- Messages ---
  // `sink` is kept until the subscription ends. NOT_FOUND, INVALID_ARGUMENT (INVALID_RESUME_TOKEN:
  // unknown, or of another source), RESOURCE_EXHAUSTED (SUBSCRIPTION_LIMIT). With the token of one
  // that is still open, that one ends (ABORTED, SUBSCRIPTION_RESUMED). What it resumes comes first,
  // then a Gap if any is lost.
  virtual absl::StatusOr<std::unique_ptr<Subscription>> Subscribe(
      SubscriptionOptions options, std::shared_ptr<dispatch::DeliverySink> sink) = 0;
  // Each order has one result. Orders of one call that belong to one request keep their order. An
  // answer whose connection is gone goes back to the address its request came from (18.2.2).
  virtual void Respond(std::vector<ResponseOrder> orders, std::shared_ptr<ResponseSink> sink) = 0;
  // Each order has a kSent when it is put on a connection (a second one when it is put on another,
  // because of the first no byte went out; and when it goes out again with the endpoint's
  // credentials, in place of the challenge), then responses, and ends with one final event.
  virtual void Send(std::vector<SendOrder> orders, std::shared_ptr<SendSink> sink) = 0;
  // Gives up sends of this sink (CANCEL goes out for an INVITE that has had a provisional); their
  // final event is kFailure CANCELLED.
  virtual void CancelSends(std::vector<uint64_t> cookies, std::shared_ptr<SendSink> sink) = 0;

  // --- The whole ---
  virtual EngineTotals GetTotals() const = 0;
  // Has each worker tell the event sink once, in order with its other events, what it has
  // (kWorkerState with this `round`): with the events that follow it, a reader knows what is.
  virtual void TellState(uint64_t round) = 0;
  // No new work: listeners close, new requests get 503, sends are refused. `done` is called when
  // no request is open, or at `timeout`; connections are then closed (kShutdown). May be called
  // again: the earliest deadline holds, and `done`s are called in the order of the calls.
  virtual void Shutdown(absl::Duration timeout, absl::AnyInvocable<void()> done) = 0;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_ENGINE_H_
