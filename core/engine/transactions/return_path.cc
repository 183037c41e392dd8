#include "core/engine/transactions/return_path.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace sipcm::engine {

ConnectionSlot* ReturnPath::FindUsable(connection::ConnectionId id) const {
  ConnectionSlot* const slot = connections_->Find(id);
  return slot != nullptr && slot->connection->can_send() ? slot : nullptr;
}

absl::Status ReturnPath::GoneError(dispatch::RequestId id, const dispatch::RequestRecord& request,
                                   absl::string_view why) {
  return MakeError(absl::StatusCode::kUnavailable, "CONNECTION_GONE",
                   absl::StrCat("request \"", id.ToString(), "\": its connection from ",
                                request.peer_address.ToString(), " has closed, and ", why,
                                "; nothing was sent"));
}

void ReturnPath::Carry(const ReturnAddress& address, std::string response,
                       AnswerCourier::Done done) {
  LocalManager* const manager = host_->FindManager(address.manager_id);
  if (manager == nullptr) return done(absl::NotFoundError("its connection manager was deleted"));
  if (!address.destination.ok()) return done(address.destination.status());
  host_->CarryAnswer(*manager, *address.destination, std::move(response), std::move(done));
}

void ReturnPath::Carry(const std::shared_ptr<const dispatch::RequestRecord>& request,
                       std::string response, ResponseResult result,
                       std::shared_ptr<ResponseSink> sink) {
  Carry(ReturnAddress(*request), std::move(response),
        [request, result = std::move(result),
         sink = std::move(sink)](absl::StatusOr<AnswerCourier::Arrival> arrival) mutable {
          if (arrival.ok()) {
            result.route = arrival->reused ? ResponseRoute::kOtherConnection
                                           : ResponseRoute::kOpenedConnection;
            result.connection = arrival->connection;
            result.manager_id = request->manager_id;
          } else {
            result.status =
                GoneError(result.request_id, *request,
                          absl::StrCat("there is no other way back: ", arrival.status().message()));
          }
          std::vector<ResponseResult> results;
          results.push_back(std::move(result));
          sink->OnResponseResults(std::move(results));
        });
}

void ReturnPath::Repeat(const ReturnAddress& address, const std::string& response) {
  if (ConnectionSlot* const slot = FindUsable(address.connection); slot != nullptr) {
    slot->connection->Send(response);
    return;
  }
  Carry(address, response, [](absl::StatusOr<AnswerCourier::Arrival>) {});
}

}  // namespace sipcm::engine
