#include "core/engine/manager/local_managers.h"

namespace sipcm::engine {

LocalManager* LocalManagers::For(const std::shared_ptr<ManagerState>& manager) {
  std::unique_ptr<LocalManager>& local = managers_[manager.get()];
  if (local == nullptr) local = std::make_unique<LocalManager>(manager, worker_);
  return local.get();
}

LocalManager* LocalManagers::Find(const ManagerState* manager) const {
  const auto found = managers_.find(manager);
  return found == managers_.end() ? nullptr : found->second.get();
}

LocalManager* LocalManagers::FindById(const std::string& manager_id) const {
  for (const auto& [state, manager] : managers_) {
    if (state->id() == manager_id && !state->removed.load(std::memory_order_acquire)) {
      return manager.get();
    }
  }
  return nullptr;
}

std::vector<LocalManager*> LocalManagers::All() const {
  std::vector<LocalManager*> all;
  all.reserve(managers_.size());
  for (const auto& [state, manager] : managers_) all.push_back(manager.get());
  return all;
}

}  // namespace sipcm::engine
