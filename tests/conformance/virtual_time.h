#ifndef SIPCM_TESTS_CONFORMANCE_VIRTUAL_TIME_H_
#define SIPCM_TESTS_CONFORMANCE_VIRTUAL_TIME_H_

#include <functional>
#include <memory>

#include "absl/time/time.h"
#include "tests/fakes/fake_network.h"
#include "tests/fakes/manual_event_loop.h"

namespace sipcm::conformance {

// The manual loop and the fake network, with the same calls as RealTime.
class VirtualTime {
 public:
  VirtualTime() : loop_(std::make_unique<fakes::ManualEventLoop>()) {}

  fakes::ManualEventLoop* loop() { return loop_.get(); }
  fakes::FakeNetwork* network() { return &network_; }

  [[nodiscard]] bool RunUntil(const std::function<bool()>& condition) {
    return loop_->AdvanceUntil(condition, absl::Seconds(10));
  }
  void RunFor(absl::Duration duration) { loop_->AdvanceBy(duration); }
  void DestroyLoop() { loop_ = nullptr; }

 protected:
  explicit VirtualTime(const fakes::FakeNetworkOptions& options)
      : loop_(std::make_unique<fakes::ManualEventLoop>()), network_(/*seed=*/7, options) {}

 private:
  std::unique_ptr<fakes::ManualEventLoop> loop_;
  fakes::FakeNetwork network_;
};

// The same on a network that is slow and cuts all it carries into small pieces.
class RaggedVirtualTime final : public VirtualTime {
 public:
  RaggedVirtualTime() : VirtualTime(Options()) {}

 private:
  static fakes::FakeNetworkOptions Options() {
    fakes::FakeNetworkOptions options;
    options.stream.min_delay = absl::Milliseconds(1);
    options.stream.max_delay = absl::Milliseconds(30);
    options.stream.max_piece = 700;
    options.stream.block_probability = 0.2;
    options.stream.capacity = 4096;
    options.min_connect_delay = absl::Milliseconds(1);
    options.max_connect_delay = absl::Milliseconds(50);
    return options;
  }
};

}  // namespace sipcm::conformance

#endif  // SIPCM_TESTS_CONFORMANCE_VIRTUAL_TIME_H_
