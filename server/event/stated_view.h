#ifndef SIPCM_SERVER_EVENT_STATED_VIEW_H_
#define SIPCM_SERVER_EVENT_STATED_VIEW_H_

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "proto/sipcm/v1/event.pb.h"
#include "server/event/object_class.h"

namespace sipcm::server {

// The resources of one class as the events told so far make them. Their settings come from the
// catalogue and their state from the engine, each in its own order: here they meet, so that an
// event about one never takes back what was told about the other. Not thread-safe.
template <typename Resource, typename Status>
class StatedView {
 public:
  // States that came before their resource, kept for it; there are hardly ever any.
  static constexpr size_t kMaxEarlyCount = 1'000;

  struct Rules {
    Resource* (sipcm::v1::Event::*resource)();            // the object of an event
    void (*overlay)(const Status& status, Resource* of);  // puts the state in
    bool (*has_state)(const Resource& resource);          // false: it is not kept here
  };
  explicit StatedView(const Rules& rules) : rules_(rules) {}

  // Completes a catalogue's event with the state that was told last, and keeps its settings; an
  // EXISTING one, which may be missing here after a loss, likewise.
  void TakeSettings(sipcm::v1::Event* event) {
    Resource* const resource = (event->*rules_.resource)();
    if (!rules_.has_state(*resource)) return;
    Entry& entry = entries_[event->name()];
    entry.settings = *resource;
    if (const auto early = early_.find(event->name()); early != early_.end()) {
      entry.status = std::move(early->second);
      early_.erase(early);
    }
    if (entry.status != nullptr) rules_.overlay(*entry.status, resource);
    if (IsRemoval(*event)) entries_.erase(event->name());
  }

  // Completes an engine's event with the settings that were told last. False: there is no such
  // resource (yet, or any more).
  bool TakeState(std::shared_ptr<const Status> status, sipcm::v1::Event* event) {
    const auto found = entries_.find(event->name());
    if (found == entries_.end()) {
      if (early_.size() == kMaxEarlyCount) early_.clear();
      early_[event->name()] = std::move(status);
      return false;
    }
    Resource* const resource = (event->*rules_.resource)();
    *resource = found->second.settings;
    rules_.overlay(*status, resource);
    found->second.status = std::move(status);
    return true;
  }

  // Events were lost: the states that are known may be old.
  void ForgetStates() {
    early_.clear();
    for (auto& [name, entry] : entries_) entry.status = nullptr;
  }

 private:
  struct Entry {
    Resource settings;
    std::shared_ptr<const Status> status;  // null: as in `settings`
  };

  const Rules rules_;
  std::map<std::string, Entry> entries_;  // by name
  std::map<std::string, std::shared_ptr<const Status>> early_;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_EVENT_STATED_VIEW_H_
