#include "core/engine/transactions/answer_courier.h"

#include <atomic>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/sip/uri.h"

namespace sipcm::engine {

absl::StatusOr<pool::Destination> ReturnDestination(const dispatch::RequestRecord& request) {
  const sip::Via via = request.view.top_via();
  pool::Destination destination;
  destination.host = request.peer_address.ip.ToString();
  destination.port = via.port;
  if (request.peer != nullptr) {
    destination.transport = connection::Transport::kTls;
    if (sip::ClassifyHost(via.host) == sip::HostKind::kName) {
      destination.tls_name = std::string(via.host);
    }
  }
  return pool::Destination::Normalized(std::move(destination));
}

struct AnswerCourier::Parcel {
  LocalManager* manager = nullptr;
  std::string response;
  Done done;
  std::unique_ptr<pool::ConnectionPool::Waiter> waiter;
};

AnswerCourier::AnswerCourier(PoolDirectory* pools, Host* host) : pools_(pools), host_(host) {}

AnswerCourier::~AnswerCourier() {
  for (auto& [key, parcel] : waiting_) --parcel->manager->send_count;
}

void AnswerCourier::Carry(LocalManager* manager, const pool::Destination& destination,
                          std::string response, Done done) {
  auto owned = std::make_unique<Parcel>();
  Parcel* const parcel = owned.get();
  parcel->manager = manager;
  parcel->response = std::move(response);
  parcel->done = std::move(done);
  ++manager->send_count;
  const bool is_full = waiting_.size() >= kMaxWaiting;
  waiting_[parcel] = std::move(owned);
  if (is_full) {
    return Finish(parcel,
                  MakeError(absl::StatusCode::kResourceExhausted, "RESOURCE_LIMIT",
                            absl::StrCat(kMaxWaiting, " answers wait for a way back already")));
  }
  if (absl::Status room = pools_->CheckRoom(manager, destination); !room.ok()) {
    return Finish(parcel, std::move(room));
  }
  pool::ConnectionPool::Acquired acquired =
      pools_->PoolFor(manager, destination)
          .Acquire([this, parcel](absl::StatusOr<connection::Connection*> connection) {
            if (connection.ok()) {
              Deliver(parcel, **connection, /*reused=*/false);
            } else {
              Finish(parcel, std::move(connection).status());
            }
          });
  if (!acquired.refused.ok()) {
    Finish(parcel, std::move(acquired.refused));
  } else if (acquired.connection != nullptr) {
    Deliver(parcel, *acquired.connection, acquired.reused);
  } else {
    parcel->waiter = std::move(acquired.waiter);
  }
}

void AnswerCourier::Deliver(Parcel* parcel, connection::Connection& connection, bool reused) {
  connection.Send(parcel->response);
  const ConnectionSlot& slot = *ConnectionTable::SlotOf(connection);
  if (slot.pool != nullptr && PoolDirectory::IsUnshared(*slot.pool)) {
    // It was opened for this answer alone.
    connection.CloseAfterFlush(connection::CloseReason::kDrained);
  }
  Finish(parcel, Arrival{connection.id(), reused});
}

void AnswerCourier::Finish(Parcel* parcel, absl::StatusOr<Arrival> result) {
  const auto found = waiting_.find(parcel);
  const std::unique_ptr<Parcel> owned = std::move(found->second);
  waiting_.erase(found);
  LocalManager& manager = *owned->manager;
  if (--manager.send_count == 0 && manager.state->removed.load(std::memory_order_acquire)) {
    host_->OnRemovedManagerIdle(manager);
  }
  if (owned->done) owned->done(std::move(result));
  if (waiting_.empty()) host_->OnCourierIdle();
}

void AnswerCourier::ForgetManager(const LocalManager* manager) {
  std::vector<Parcel*> theirs;
  for (const auto& [parcel, owned] : waiting_) {
    if (parcel->manager == manager) theirs.push_back(parcel);
  }
  for (Parcel* const parcel : theirs) {
    Finish(parcel, manager->state->DeletedError());
  }
}

}  // namespace sipcm::engine
