#include "core/engine/transactions/received_request.h"

namespace sipcm::engine {

std::shared_ptr<const dispatch::RequestRecord> MakeRecord(const ConnectionSlot& slot,
                                                          const sip::MessageView& request) {
  auto record = std::make_shared<dispatch::RequestRecord>();
  record->bytes.assign(request.bytes().data(), request.bytes().size());
  record->view.CopyIndexFrom(request, record->bytes.data());
  record->connection = slot.connection->id();
  record->manager_id = slot.manager->state->id();
  record->peer_address = slot.connection->remote_address();
  record->peer = slot.connection->peer();
  return record;
}

}  // namespace sipcm::engine
