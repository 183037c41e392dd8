#ifndef SIPCM_SERVER_LOG_RESOURCE_EVENT_LOG_H_
#define SIPCM_SERVER_LOG_RESOURCE_EVENT_LOG_H_

#include <atomic>

#include "server/event/resource_event_sink.h"
#include "server/log/logger.h"

namespace sipcm::server {

// Writes what becomes of certificates and trust bundles to the log, one line each, and the warnings
// in the state of a manager with each change of its settings; passes every event on. Any thread.
class ResourceEventLog final : public ResourceEventSink {
 public:
  // `next` may be null. Both outlive this.
  ResourceEventLog(Logger* logger, ResourceEventSink* next) : logger_(logger), next_(next) {}
  void OnResourceEvent(sipcm::v1::Event event) override;
  // Not for the log.
  void OnResourceState(uint64_t round, ObjectClass object_class,
                       std::vector<sipcm::v1::Event> existing) override;
  // Managers' warnings are told from now on: those of a configuration are worth telling only when
  // all of it is in force.
  void BeginWarning() { warns_.store(true, std::memory_order_relaxed); }

 private:
  void WarnOf(const sipcm::v1::Event& event) const;

  std::atomic<bool> warns_{false};
  Logger* const logger_;
  ResourceEventSink* const next_;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_LOG_RESOURCE_EVENT_LOG_H_
