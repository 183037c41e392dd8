#include "core/engine/manager/manager_state.h"

namespace sipcm::engine {

void ManagerState::SetGruus(const std::string& endpoint_id, std::vector<std::string> gruus) {
  // A registrar's GRUUs that cannot be told apart from another endpoint's are no reason to stop.
  const auto edit = [&](dispatch::EndpointDirectory* directory) -> absl::Status {
    const dispatch::EndpointDirectory::EntryPointer entry = directory->FindById(endpoint_id);
    if (entry == nullptr) return absl::NotFoundError(endpoint_id);
    auto endpoint = std::make_shared<dispatch::Endpoint>(*entry->endpoint);
    endpoint->gruus = std::move(gruus);
    return directory->Put({std::move(endpoint), entry->group});
  };
  directory_.Edit(edit).IgnoreError();
}

}  // namespace sipcm::engine
