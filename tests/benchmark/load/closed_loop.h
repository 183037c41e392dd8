#ifndef SIPCM_TESTS_BENCHMARK_LOAD_CLOSED_LOOP_H_
#define SIPCM_TESTS_BENCHMARK_LOAD_CLOSED_LOOP_H_

#include <netinet/in.h>
#include <openssl/ssl.h>

#include <cstdint>
#include <map>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/benchmark/load/load_report.h"
#include "tests/benchmark/load/request_template.h"

namespace sipcm::load {

struct ClosedLoopSettings {
  sockaddr_storage target = {};
  SSL_CTX* context = nullptr;  // null: plain TCP
  int connection_count = 16;   // 1 to 2^20
  int window = 8;              // requests outstanding on each connection, 1 to 2^16
  RequestShape shape;
  int expected_status = 200;
  absl::Duration warm_up;                              // replies in it are not counted
  absl::Duration duration;                             // of the measurement
  int64_t max_reply_count = INT64_MAX;                 // ends the measurement before `duration`
  absl::Duration connect_timeout = absl::Seconds(30);  // for all connections
  absl::Duration silence_timeout = absl::Seconds(10);  // without any reply
  std::vector<pid_t> watched;                          // whose CPU time to take
};

// Keeps `window` requests outstanding on each connection: every reply is matched by its branch and
// followed by the next request. All that one read brought is answered with one write.
//
// Errors, since a measurement of wrong answers is worth nothing: UNAVAILABLE a connection failed or
// ended; DEADLINE_EXCEEDED no reply for silence_timeout, or one missing at the end; DATA_LOSS a
// reply that no outstanding request asked for, or of an unexpected status.
absl::StatusOr<LoadReport> RunClosedLoop(const ClosedLoopSettings& settings);

}  // namespace sipcm::load

#endif  // SIPCM_TESTS_BENCHMARK_LOAD_CLOSED_LOOP_H_
