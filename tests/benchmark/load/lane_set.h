#ifndef SIPCM_TESTS_BENCHMARK_LOAD_LANE_SET_H_
#define SIPCM_TESTS_BENCHMARK_LOAD_LANE_SET_H_

#include <netinet/in.h>
#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tests/benchmark/load/load_connection.h"
#include "tests/benchmark/load/load_poller.h"
#include "tests/benchmark/load/reply_reader.h"

namespace sipcm::load {

struct LaneSettings {
  sockaddr_storage target = {};
  SSL_CTX* context = nullptr;  // null: plain TCP
  int count = 1;
  absl::Duration connect_timeout;  // for all of them
  absl::Duration silence_timeout;  // without any reply
};

// The connections of a load generator, by their index, and the replies that come by them.
// Thread: one.
class LaneSet {
 public:
  using Take = absl::FunctionRef<absl::Status(uint32_t index, const Reply& reply)>;

  explicit LaneSet(const LaneSettings& settings) : settings_(settings) {}

  // Opens all, handshakes included. UNAVAILABLE: one failed; DEADLINE_EXCEEDED.
  absl::Status Open();
  uint32_t count() const { return static_cast<uint32_t>(lanes_.size()); }
  // What waits to be written; Flush() or Serve() writes it.
  std::string* output(uint32_t index) { return lanes_[index].connection->output(); }
  absl::Status Flush(uint32_t index);

  // Waits for at most `timeout`, hands all replies that came to `take`, and writes what that left
  // to be written, once for each connection. An error of `take`; UNAVAILABLE: a connection failed
  // or ended; DATA_LOSS: what came is no reply; DEADLINE_EXCEEDED: nothing came for silence_timeout
  // while requests waited, of which there are `outstanding_count` now.
  absl::Status Serve(absl::Duration timeout, int64_t outstanding_count, Take take);
  // When the replies that are being taken were read, as MonotonicNow().
  int64_t read_at() const { return read_at_; }

 private:
  struct Lane {
    std::unique_ptr<LoadConnection> connection;
    ReplyReader reader;
  };

  absl::Status ServeOne(uint32_t index, Take take);
  absl::Status Failure(uint32_t index) const;

  const LaneSettings settings_;
  LoadPoller poller_;
  std::vector<Lane> lanes_;
  int64_t read_at_ = 0;
  int64_t waiting_since_ = 0;  // for a reply
};

}  // namespace sipcm::load

#endif  // SIPCM_TESTS_BENCHMARK_LOAD_LANE_SET_H_
