#include "core/engine/worker_totals.h"

namespace sipcm::engine {

void WorkerTotals::AddTo(EngineTotals* sum) const {
  for (int direction = 0; direction < 2; ++direction) {
    for (int transport = 0; transport < 2; ++transport) {
      sum->connections[direction][transport] += connections[direction][transport].value();
      sum->connections_opened[direction][transport] +=
          connections_opened[direction][transport].value();
      for (int reason = 0; reason < connection::kCloseReasonCount; ++reason) {
        sum->connections_closed[direction][transport][reason] +=
            connections_closed[direction][transport][reason].value();
      }
    }
  }
  for (int code = 0; code < 700; ++code) {
    sum->automatic_answers[code] += automatic_answers[code].value();
  }
  for (int mechanism = 0; mechanism < kThrottleMechanismCount; ++mechanism) {
    sum->throttled[mechanism] += throttled[mechanism].value();
    sum->throttled_requests[mechanism] += throttled_requests[mechanism].value();
  }
  sum->pools += pools.value();
  sum->open_requests += open_requests.value();
  sum->waiting_requests += waiting_requests.value();
  sum->open_sends += open_sends.value();
  sum->dialogs += dialogs.value();
  sum->accept_failures += accept_failures.value();
  sum->requests_in += requests_in.value();
  sum->responses_in += responses_in.value();
  sum->stray_responses_in += stray_responses_in.value();
  sum->malformed_in += malformed_in.value();
  sum->requests_dispatched += requests_dispatched.value();
  sum->requests_redelivered += requests_redelivered.value();
  sum->requests_expired += requests_expired.value();
  sum->requests_cancelled += requests_cancelled.value();
  sum->responses_out += responses_out.value();
  sum->requests_out += requests_out.value();
  sum->requests_retried += requests_retried.value();
  sum->wrong_server_proofs += wrong_server_proofs.value();
  sum->sends_failed += sends_failed.value();
  sum->tls_refused += tls_refused.value();
  pool::Add(pool_totals, &sum->pool_sums);
}

}  // namespace sipcm::engine
