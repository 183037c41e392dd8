#include "core/engine/sends/send_outbox.h"

namespace sipcm::engine {
namespace {

constexpr size_t kUsual = 16;  // events of a busy turn, for one sink

}  // namespace

void SendOutbox::Tell(const std::shared_ptr<SendSink>& sink, SendEvent event) {
  if (events_.empty()) loop_->AtTurnEnd([this] { Flush(); });
  // Few sinks in one turn: one for each application.
  for (auto& [known, events] : events_) {
    if (known == sink) {
      events.push_back(std::move(event));
      return;
    }
  }
  events_.emplace_back(sink, std::vector<SendEvent>());
  events_.back().second.reserve(kUsual);
  events_.back().second.push_back(std::move(event));
}

void SendOutbox::Flush() {
  decltype(events_) all;
  all.swap(events_);
  for (auto& [sink, events] : all) sink->OnSendEvents(std::move(events));
}

}  // namespace sipcm::engine
