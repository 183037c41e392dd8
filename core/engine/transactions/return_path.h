#ifndef SIPCM_CORE_ENGINE_TRANSACTIONS_RETURN_PATH_H_
#define SIPCM_CORE_ENGINE_TRANSACTIONS_RETURN_PATH_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/connection/connection_id.h"
#include "core/dispatch/delivery.h"
#include "core/engine/connection_table.h"
#include "core/engine/message_order.h"
#include "core/engine/transactions/answer_courier.h"
#include "core/pool/destination.h"

namespace sipcm::engine {

// What a repeated answer needs of its request: the message itself need not be kept for it.
struct ReturnAddress {
  explicit ReturnAddress(const dispatch::RequestRecord& request)
      : connection(request.connection),
        manager_id(request.manager_id),
        destination(ReturnDestination(request)) {}

  connection::ConnectionId connection;
  std::string manager_id;
  absl::StatusOr<pool::Destination> destination;  // of ReturnDestination()
};

// How an application's answer gets back to who sent the request (semantics.md 7, RFC 3261 18.2.2):
// by the connection that it came by, or when that is gone to where it came from. The server's own
// answers do not: nobody is there to be answered sooner than its own timer would tell it.
// Thread: the worker's.
class ReturnPath {
 public:
  class Host {
   public:
    // Null: it is gone.
    virtual LocalManager* FindManager(const std::string& manager_id) = 0;
    // Has a courier take it there, from whichever worker is the destination's home; `done` is
    // called on that one.
    virtual void CarryAnswer(LocalManager& manager, pool::Destination destination,
                             std::string response, AnswerCourier::Done done) = 0;

   protected:
    ~Host() = default;
  };

  // Both outlive this.
  ReturnPath(ConnectionTable* connections, Host* host) : connections_(connections), host_(host) {}

  // Of the request, while it can send; else null.
  ConnectionSlot* ConnectionOf(const dispatch::RequestRecord& request) const {
    return FindUsable(request.connection);
  }
  // Null: it is gone, and there is no way back.
  LocalManager* ManagerOf(const dispatch::RequestRecord& request) const {
    return host_->FindManager(request.manager_id);
  }
  // UNAVAILABLE (CONNECTION_GONE).
  static absl::Status GoneError(dispatch::RequestId id, const dispatch::RequestRecord& request,
                                absl::string_view why);

  // For an answer whose connection is gone: completes `result` and hands it to the sink, later.
  void Carry(const std::shared_ptr<const dispatch::RequestRecord>& request, std::string response,
             ResponseResult result, std::shared_ptr<ResponseSink> sink);
  // Sends an answer once more, whichever way; that it does not arrive is told nobody.
  void Repeat(const ReturnAddress& address, const std::string& response);

 private:
  ConnectionSlot* FindUsable(connection::ConnectionId id) const;
  void Carry(const ReturnAddress& address, std::string response, AnswerCourier::Done done);

  ConnectionTable* const connections_;
  Host* const host_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_TRANSACTIONS_RETURN_PATH_H_
