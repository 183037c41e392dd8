#ifndef SIPCM_TESTS_BENCHMARK_LOAD_LANE_OPENER_H_
#define SIPCM_TESTS_BENCHMARK_LOAD_LANE_OPENER_H_

#include <netinet/in.h>
#include <openssl/ssl.h>

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/benchmark/load/load_connection.h"
#include "tests/benchmark/load/load_poller.h"

namespace sipcm::load {

struct LaneOpening {
  sockaddr_storage target = {};
  SSL_CTX* context = nullptr;  // null: plain TCP
  int count = 1;
  absl::Duration timeout;  // for all of them
};

// Opens connections, handshakes included; `poller` has each by its index. UNAVAILABLE: one failed;
// DEADLINE_EXCEEDED.
absl::StatusOr<std::vector<std::unique_ptr<LoadConnection>>> OpenLanes(const LaneOpening& opening,
                                                                       LoadPoller* poller);

}  // namespace sipcm::load

#endif  // SIPCM_TESTS_BENCHMARK_LOAD_LANE_OPENER_H_
