#ifndef SIPCM_TESTS_BENCHMARK_LOAD_OPEN_LOOP_H_
#define SIPCM_TESTS_BENCHMARK_LOAD_OPEN_LOOP_H_

#include <netinet/in.h>
#include <openssl/ssl.h>

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/benchmark/load/load_report.h"
#include "tests/benchmark/load/request_template.h"

namespace sipcm::load {

struct OpenLoopSettings {
  sockaddr_storage target = {};
  SSL_CTX* context = nullptr;  // null: plain TCP
  int connection_count = 16;   // 1 to 2^20
  double rate = 1000;          // requests a second, over all connections in turn
  int max_outstanding = 4096;  // on one connection, 1 to 2^16; what is due beyond is not sent
  RequestShape shape;
  int expected_status = 200;  // else 503 with Retry-After
  absl::Duration warm_up;     // replies in it are not counted
  absl::Duration duration;    // of the measurement
  absl::Duration connect_timeout = absl::Seconds(30);
  absl::Duration silence_timeout = absl::Seconds(10);
  std::vector<pid_t> watched;
};

// Sends at a fixed rate, whether or not replies come. A latency counts from when the request was
// due, so that a server which holds up the sender does not hide it (no coordinated omission).
//
// Errors as RunClosedLoop(): UNAVAILABLE, DEADLINE_EXCEEDED, and DATA_LOSS, also for a 503 without
// Retry-After. Replies that are missing at the end are waited for.
absl::StatusOr<LoadReport> RunOpenLoop(const OpenLoopSettings& settings);

}  // namespace sipcm::load

#endif  // SIPCM_TESTS_BENCHMARK_LOAD_OPEN_LOOP_H_
