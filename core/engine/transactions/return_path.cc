#include "core/engine/transactions/return_path.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace sipcm::engine {

ConnectionSlot* ReturnPath::ConnectionOf(const dispatch::RequestRecord& request) const {
  ConnectionSlot* const slot = connections_->Find(request.connection);
  return slot != nullptr && slot->connection->can_send() ? slot : nullptr;
}

absl::Status ReturnPath::GoneError(dispatch::RequestId id, const dispatch::RequestRecord& request,
                                   absl::string_view why) {
  return MakeError(absl::StatusCode::kUnavailable, "CONNECTION_GONE",
                   absl::StrCat("request \"", id.ToString(), "\": its connection from ",
                                request.peer_address.ToString(), " has closed, and ", why,
                                "; nothing was sent"));
}

void ReturnPath::Carry(const dispatch::RequestRecord& request, std::string response,
                       AnswerCourier::Done done) {
  LocalManager* const manager = ManagerOf(request);
  if (manager == nullptr) return done(absl::NotFoundError("its connection manager was deleted"));
  absl::StatusOr<pool::Destination> destination = ReturnDestination(request);
  if (!destination.ok()) return done(std::move(destination).status());
  host_->CarryAnswer(*manager, *std::move(destination), std::move(response), std::move(done));
}

void ReturnPath::Carry(const std::shared_ptr<const dispatch::RequestRecord>& request,
                       std::string response, ResponseResult result,
                       std::shared_ptr<ResponseSink> sink) {
  Carry(*request, std::move(response),
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

void ReturnPath::Repeat(const dispatch::RequestRecord& request, const std::string& response) {
  if (ConnectionSlot* const slot = ConnectionOf(request); slot != nullptr) {
    slot->connection->Send(response);
    return;
  }
  Carry(request, response, [](absl::StatusOr<AnswerCourier::Arrival>) {});
}

}  // namespace sipcm::engine
