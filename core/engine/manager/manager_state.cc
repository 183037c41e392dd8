#include "core/engine/manager/manager_state.h"

#include "core/base/status_macros.h"

namespace sipcm::engine {

absl::Status ManagerState::ChangeDirectory(DirectoryChange change) {
  absl::MutexLock lock(&directory_change_);
  SIPCM_ASSIGN_OR_RETURN(auto next, change(*directory_.Get()));
  directory_.Publish(std::move(next));
  return absl::OkStatus();
}

void ManagerState::SetGruus(const std::string& endpoint_id, std::vector<std::string> gruus) {
  // A registrar's GRUUs that cannot be told apart from another endpoint's are no reason to stop.
  ChangeDirectory([&](const dispatch::EndpointDirectory& directory)
                      -> absl::StatusOr<std::shared_ptr<const dispatch::EndpointDirectory>> {
    const dispatch::EndpointDirectory::EntryPointer entry = directory.FindById(endpoint_id);
    if (entry == nullptr) return absl::NotFoundError(endpoint_id);
    auto endpoint = std::make_shared<dispatch::Endpoint>(*entry->endpoint);
    endpoint->gruus = std::move(gruus);
    return directory.With({std::move(endpoint), entry->group});
  }).IgnoreError();
}

}  // namespace sipcm::engine
