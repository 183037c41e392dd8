#ifndef SIPCM_TESTS_BENCHMARK_LOAD_IDLE_CROWD_H_
#define SIPCM_TESTS_BENCHMARK_LOAD_IDLE_CROWD_H_

#include <netinet/in.h>
#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tests/benchmark/load/load_connection.h"
#include "tests/benchmark/load/load_poller.h"
#include "tests/benchmark/load/reply_reader.h"
#include "tests/benchmark/load/request_template.h"

namespace sipcm::load {

struct IdleCrowdSettings {
  sockaddr_storage target = {};
  SSL_CTX* context = nullptr;  // null: plain TCP
  RequestShape shape;
  int expected_status = 200;
  uint32_t max_opening_count = 64;                     // connections that are not established yet
  absl::Duration silence_timeout = absl::Seconds(10);  // without any progress
};

// Many connections, each of which sends one request, gets its reply and is silent from then on.
// Thread: one.
class IdleCrowd {
 public:
  explicit IdleCrowd(const IdleCrowdSettings& settings);

  // Opens connections until `count` are established (at most 2^20); with fewer than there are, does
  // nothing. UNAVAILABLE: one failed or ended; DEADLINE_EXCEEDED: no progress; DATA_LOSS: a wrong
  // reply. After an error the crowd is of no further use.
  absl::Status GrowTo(uint32_t count);
  uint32_t established_count() const { return established_count_; }
  // UNAVAILABLE when a connection has ended since.
  absl::Status CheckAllStand();

 private:
  struct Member {
    std::unique_ptr<LoadConnection> connection;
    std::unique_ptr<ReplyReader> reader;  // until the reply is there: 64 KB
    bool asked = false;
  };

  absl::Status Open();
  absl::Status Serve(uint32_t index);
  absl::Status ReadReply(uint32_t index);
  absl::Status Failure(uint32_t index) const;

  const IdleCrowdSettings settings_;
  const RequestTemplate request_;
  LoadPoller poller_;
  std::vector<Member> members_;
  uint32_t established_count_ = 0;
};

}  // namespace sipcm::load

#endif  // SIPCM_TESTS_BENCHMARK_LOAD_IDLE_CROWD_H_
