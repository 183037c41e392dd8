#ifndef SIPCM_SERVER_EVENT_MANAGER_VIEW_H_
#define SIPCM_SERVER_EVENT_MANAGER_VIEW_H_

#include <map>
#include <memory>
#include <string>

#include "core/engine/engine_config.h"
#include "proto/sipcm/v1/event.pb.h"

namespace sipcm::server {

// The connection managers as the events told so far make them. Their settings come from the
// catalogue and their listening state from the engine, each in its own order: here they meet, so
// that an event about one never takes back what was told about the other. Not thread-safe.
class ManagerView {
 public:
  // Completes a catalogue's event with the state that was told last, and keeps its settings; of
  // EXISTING, whose settings are as told but which may be missing here after a loss, likewise.
  void TakeSettings(sipcm::v1::Event* event);
  // Completes an engine's CONNECTION_MANAGER_STATE with the settings that were told last. False:
  // there is no such manager (any more).
  bool TakeState(std::shared_ptr<const engine::ManagerStatus> status, sipcm::v1::Event* event);
  // Events were lost: the states that are known may be old.
  void ForgetStates();

 private:
  struct Manager {
    sipcm::v1::ConnectionManager settings;
    std::shared_ptr<const engine::ManagerStatus> status;  // null: as in `settings`
  };
  std::map<std::string, Manager> managers_;  // by name
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_EVENT_MANAGER_VIEW_H_
