#include "server/event/manager_view.h"

#include <utility>

#include "server/conversion/manager_conversion.h"

namespace sipcm::server {

using sipcm::v1::Event;

void ManagerView::TakeSettings(Event* event) {
  Manager& manager = managers_[event->name()];
  manager.settings = event->connection_manager();
  if (manager.status != nullptr) {
    AddListeningState(*manager.status, event->mutable_connection_manager());
  }
  if (event->kind() == Event::CONNECTION_MANAGER_REMOVED) managers_.erase(event->name());
}

bool ManagerView::TakeState(std::shared_ptr<const engine::ManagerStatus> status, Event* event) {
  const auto found = managers_.find(event->name());
  if (found == managers_.end()) return false;
  found->second.status = std::move(status);
  *event->mutable_connection_manager() = found->second.settings;
  AddListeningState(*found->second.status, event->mutable_connection_manager());
  return true;
}

void ManagerView::ForgetStates() {
  for (auto& [name, manager] : managers_) manager.status = nullptr;
}

}  // namespace sipcm::server
