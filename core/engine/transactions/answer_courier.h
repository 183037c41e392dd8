#ifndef SIPCM_CORE_ENGINE_TRANSACTIONS_ANSWER_COURIER_H_
#define SIPCM_CORE_ENGINE_TRANSACTIONS_ANSWER_COURIER_H_

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "core/connection/connection_id.h"
#include "core/dispatch/delivery.h"
#include "core/engine/connection_table.h"
#include "core/engine/pool_directory.h"
#include "core/event/event_loop.h"
#include "core/pool/destination.h"

namespace sipcm::engine {

// Where an answer goes when the connection of its request is gone (RFC 3261 18.2.2): to the address
// that the request came from, at the port of sent-by in its top Via, or the transport's default.
// Never to a host that Via only names: anyone could have us knock anywhere. Over TLS the server
// there has to prove the name of sent-by. The port that the request came from (rport) is of a
// connection that is gone; nobody listens there. INVALID_ARGUMENT: sent-by is no host. Pure.
absl::StatusOr<pool::Destination> ReturnDestination(const dispatch::RequestRecord& request);

// Takes such answers there, over the pool of that destination, whose home this worker is.
// Thread: the worker's.
class AnswerCourier {
 public:
  // Beyond it answers are refused: RESOURCE_EXHAUSTED (RESOURCE_LIMIT).
  static constexpr size_t kMaxWaiting = 1000;

  struct Arrival {
    connection::ConnectionId connection;
    bool reused = false;  // it was there before
  };
  // Called once; not from inside Carry() while the answer waits for a connection.
  using Done = absl::AnyInvocable<void(absl::StatusOr<Arrival>)>;

  class Host {
   public:
    // The last answer of a manager that was removed is gone; not to be released inside.
    virtual void OnRemovedManagerIdle(const LocalManager& manager) = 0;
    // None is left to carry.
    virtual void OnCourierIdle() = 0;

   protected:
    ~Host() = default;
  };

  // Both outlive this.
  AnswerCourier(PoolDirectory* pools, Host* host);
  // What still waits is dropped without a call.
  ~AnswerCourier();

  void Carry(LocalManager* manager, const pool::Destination& destination, std::string response,
             Done done);
  // Answers that wait for a connection.
  size_t waiting_count() const { return waiting_.size(); }
  // Its answers fail.
  void ForgetManager(const LocalManager* manager);

 private:
  struct Parcel;

  void Deliver(Parcel* parcel, connection::Connection& connection, bool reused);
  void Finish(Parcel* parcel, absl::StatusOr<Arrival> result);

  PoolDirectory* const pools_;
  Host* const host_;
  absl::flat_hash_map<Parcel*, std::unique_ptr<Parcel>> waiting_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_TRANSACTIONS_ANSWER_COURIER_H_
