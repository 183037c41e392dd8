#ifndef SIPCM_SERVER_LOG_RESOURCE_EVENT_LOG_H_
#define SIPCM_SERVER_LOG_RESOURCE_EVENT_LOG_H_

#include "server/event/resource_event_sink.h"
#include "server/log/logger.h"

namespace sipcm::server {

// Writes what becomes of certificates and trust bundles to the log, one line each, and passes every
// event on.
class ResourceEventLog final : public ResourceEventSink {
 public:
  // `next` may be null. Both outlive this.
  ResourceEventLog(Logger* logger, ResourceEventSink* next) : logger_(logger), next_(next) {}
  void OnResourceEvent(sipcm::v1::Event event) override;

 private:
  Logger* const logger_;
  ResourceEventSink* const next_;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_LOG_RESOURCE_EVENT_LOG_H_
