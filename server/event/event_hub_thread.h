#ifndef SIPCM_SERVER_EVENT_EVENT_HUB_THREAD_H_
#define SIPCM_SERVER_EVENT_EVENT_HUB_THREAD_H_

#include <thread>

#include "server/event/event_hub.h"

namespace sipcm::server {

// Runs a hub on a thread of its own until destroyed. Who the hub asks outlives this.
class EventHubThread {
 public:
  explicit EventHubThread(EventHub* hub) : hub_(hub), thread_([hub] { hub->Run(); }) {}
  ~EventHubThread() {
    hub_->Quit();
    thread_.join();
  }
  EventHubThread(const EventHubThread&) = delete;
  EventHubThread& operator=(const EventHubThread&) = delete;

 private:
  EventHub* const hub_;
  std::thread thread_;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_EVENT_EVENT_HUB_THREAD_H_
