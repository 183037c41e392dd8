#ifndef SIPCM_TESTS_BENCHMARK_LOAD_CHURN_H_
#define SIPCM_TESTS_BENCHMARK_LOAD_CHURN_H_

#include <netinet/in.h>
#include <openssl/ssl.h>

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/benchmark/load/load_report.h"
#include "tests/benchmark/load/request_template.h"

namespace sipcm::load {

enum class Resumption : unsigned char {
  kNever,   // every handshake is a full one
  kAlways,  // each connection goes on with the session of the one before it
};

struct ChurnSettings {
  sockaddr_storage target = {};
  SSL_CTX* context = nullptr;  // null: plain TCP
  int lane_count = 16;         // connections at once
  Resumption resumption = Resumption::kNever;
  RequestShape shape;
  int expected_status = 200;
  absl::Duration warm_up;
  absl::Duration duration;
  int64_t max_reply_count = INT64_MAX;
  absl::Duration silence_timeout = absl::Seconds(10);
  std::vector<pid_t> watched;
};

// Connects, asks one request, takes its reply and closes, again and again. A latency is of all
// that. Errors as RunClosedLoop(); DATA_LOSS also when a session that is to be resumed is not.
absl::StatusOr<LoadReport> RunChurn(const ChurnSettings& settings);

}  // namespace sipcm::load

#endif  // SIPCM_TESTS_BENCHMARK_LOAD_CHURN_H_
