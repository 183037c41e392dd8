#ifndef SIPCM_CORE_ENGINE_THROTTLING_THROTTLING_EVENTS_H_
#define SIPCM_CORE_ENGINE_THROTTLING_THROTTLING_EVENTS_H_

#include "core/engine/connection_table.h"
#include "core/engine/engine_event.h"
#include "core/engine/sends/outbound.h"
#include "core/engine/worker/worker_events.h"
#include "core/engine/worker_totals.h"

namespace sipcm::engine {

// Counts and tells what is throttled on one worker. Thread: the worker's.
class ThrottlingEvents {
 public:
  // Both outlive this.
  ThrottlingEvents(WorkerTotals* totals, WorkerEvents* events) : totals_(totals), events_(events) {}

  void TellConnection(const ConnectionSlot& slot, ThrottleMechanism mechanism,
                      ThrottleChange change, int count, ThrottleMarks marks) {
    Count(mechanism, change);
    events_->TellThrottling(slot, change, {mechanism, count, marks.high, marks.low, ""});
  }
  void TellManager(LocalManager& manager, ThrottleChange change, int count) {
    const ThrottleMarks marks = manager.runtime.Get()->config.message_throttling;
    Count(ThrottleMechanism::kManager, change);
    events_->TellThrottling(*manager.state, change,
                            {ThrottleMechanism::kManager, count, marks.high, marks.low, ""});
  }
  void TellEndpoint(const PlannedSend& of, ThrottleChange change) {
    constexpr int kMost = SendPacer::kMostOutstanding;
    Count(ThrottleMechanism::kEndpoint, change);
    events_->TellThrottling(*of.manager->state, change,
                            {ThrottleMechanism::kEndpoint, kMost, kMost, kMost, of.endpoint->id});
  }

 private:
  void Count(ThrottleMechanism mechanism, ThrottleChange change) {
    const int by = change == ThrottleChange::kStarted ? 1 : -1;
    totals_->throttled[static_cast<int>(mechanism)].Add(by);
  }

  WorkerTotals* const totals_;
  WorkerEvents* const events_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_THROTTLING_THROTTLING_EVENTS_H_
