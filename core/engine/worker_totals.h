#ifndef SIPCM_CORE_ENGINE_WORKER_TOTALS_H_
#define SIPCM_CORE_ENGINE_WORKER_TOTALS_H_

#include "core/base/counter.h"
#include "core/connection/close_reason.h"
#include "core/engine/engine_snapshot.h"
#include "core/pool/statistics/pool_totals.h"

namespace sipcm::engine {

// What one worker counts. Written by the worker, read by any thread.
struct WorkerTotals {
  Counter connections[2][2];  // gauge [direction][transport]
  Counter connections_opened[2][2];
  Counter connections_closed[2][2][connection::kCloseReasonCount];
  Counter pools;             // gauge
  Counter open_requests;     // gauge
  Counter waiting_requests;  // gauge
  Counter open_sends;        // gauge
  Counter dialogs;           // gauge
  Counter accept_failures;
  Counter requests_in;
  Counter responses_in;
  Counter stray_responses_in;
  Counter malformed_in;
  Counter requests_dispatched;
  Counter requests_redelivered;
  Counter requests_expired;
  Counter requests_cancelled;
  Counter automatic_answers[700];
  Counter responses_out;
  Counter requests_out;
  Counter requests_retried;
  Counter wrong_server_proofs;
  Counter sends_failed;
  Counter tls_refused;
  pool::PoolTotals pool_totals;
  Counter throttled[kThrottleMechanismCount];  // gauges
  Counter throttled_requests[kThrottleMechanismCount];

  void AddTo(EngineTotals* sum) const;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_WORKER_TOTALS_H_
