#ifndef SIPCM_TESTS_CONFORMANCE_REAL_TIME_H_
#define SIPCM_TESTS_CONFORMANCE_REAL_TIME_H_

#include <functional>
#include <memory>

#include "absl/time/time.h"
#include "core/event/libevent_loop.h"
#include "core/net/tcp_network.h"

namespace sipcm::conformance {

// The production loop and network, run by a test in its own thread. The limits only keep a broken
// test from hanging: what is waited for comes in milliseconds.
class RealTime {
 public:
  RealTime();

  event::LibeventLoop* loop() { return loop_.get(); }
  net::TcpNetwork* network() { return &network_; }

  // Takes turns until `condition` holds. False: not within 10 s.
  [[nodiscard]] bool RunUntil(const std::function<bool()>& condition);
  // Takes turns for `duration`, to see that something does not happen.
  void RunFor(absl::Duration duration);
  // Ends the loop: what still waits is destroyed.
  void DestroyLoop() { loop_ = nullptr; }

 private:
  std::unique_ptr<event::LibeventLoop> loop_;
  net::TcpNetwork network_;
};

}  // namespace sipcm::conformance

#endif  // SIPCM_TESTS_CONFORMANCE_REAL_TIME_H_
