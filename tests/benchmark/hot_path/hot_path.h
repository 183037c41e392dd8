#ifndef SIPCM_TESTS_BENCHMARK_HOT_PATH_HOT_PATH_H_
#define SIPCM_TESTS_BENCHMARK_HOT_PATH_HOT_PATH_H_

#include <memory>
#include <string>
#include <vector>

#include "tests/core/engine/engine_fixture.h"
#include "tests/core/engine/remote_listener.h"

namespace sipcm::engine {

// The whole engine on a network and a clock without cost, and messages that go through it: what
// sipcm itself does for each, the kernel and gRPC left out. The same in every run of one build.
// Thread: one.
class HotPath {
 public:
  static constexpr int kWindow = 8;  // messages that come in one read

  HotPath();

  // Each sends `count` messages, a multiple of kWindow, and CHECKs that all are answered.
  void Answer(int count);    // by the engine itself: nobody has that address
  void Dispatch(int count);  // to an application, which answers 200
  void Send(int count);      // an application's own, through a pool of 4 connections

  // A request as an application gets it.
  dispatch::Delivery MakeDelivery();

 private:
  class Sink;
  void Exchange(const std::string& requests, int count);

  EngineFixture fixture_;
  std::unique_ptr<fakes::TestPeer> peer_;
  std::shared_ptr<Sink> sink_;
  std::unique_ptr<Subscription> subscription_;
  RemoteListener remote_;
  std::string unknown_requests_;
  std::string requests_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_TESTS_BENCHMARK_HOT_PATH_HOT_PATH_H_
