#ifndef SIPCM_SERVER_EVENT_ENGINE_EVENT_TEE_H_
#define SIPCM_SERVER_EVENT_ENGINE_EVENT_TEE_H_

#include <utility>
#include <vector>

#include "core/engine/engine_event.h"

namespace sipcm::server {

// Tells each of several sinks, in order. They outlive it.
class EngineEventTee final : public engine::EventSink {
 public:
  explicit EngineEventTee(std::vector<engine::EventSink*> sinks) : sinks_(std::move(sinks)) {}
  void OnEvent(const engine::EngineEvent& event) override {
    for (engine::EventSink* sink : sinks_) sink->OnEvent(event);
  }

 private:
  const std::vector<engine::EventSink*> sinks_;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_EVENT_ENGINE_EVENT_TEE_H_
