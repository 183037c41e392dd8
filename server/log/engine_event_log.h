#ifndef SIPCM_SERVER_LOG_ENGINE_EVENT_LOG_H_
#define SIPCM_SERVER_LOG_ENGINE_EVENT_LOG_H_

#include "core/engine/engine_event.h"
#include "server/log/logger.h"

namespace sipcm::server {

// Writes the engine's events to the log, one line each. `logger` outlives the engine.
class EngineEventLog final : public engine::EventSink {
 public:
  explicit EngineEventLog(Logger* logger) : logger_(logger) {}
  void OnEvent(const engine::EngineEvent& event) override;

 private:
  Logger* const logger_;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_LOG_ENGINE_EVENT_LOG_H_
