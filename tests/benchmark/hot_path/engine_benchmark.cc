// What sipcm itself does for a message, from its bytes to the bytes of the answer, without kernel,
// TLS and gRPC: nanoseconds and heap allocations per message, those of the fake network included.
//   bazel run --config=opt //tests/benchmark/hot_path:engine_benchmark

#include "benchmark/benchmark.h"
#include "tests/benchmark/hot_path/allocations.h"
#include "tests/benchmark/hot_path/hot_path.h"

namespace sipcm::engine {
namespace {

// A window of messages each time.
void Run(benchmark::State& state, void (HotPath::*step)(int)) {
  HotPath path;
  (path.*step)(10 * HotPath::kWindow);  // what is made once
  const Allocations allocations(state, HotPath::kWindow);
  for (auto _ : state) (path.*step)(HotPath::kWindow);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * HotPath::kWindow);
}
BENCHMARK_CAPTURE(Run, answer, &HotPath::Answer);
BENCHMARK_CAPTURE(Run, dispatch_and_respond, &HotPath::Dispatch);
BENCHMARK_CAPTURE(Run, send_through_pool, &HotPath::Send);

}  // namespace
}  // namespace sipcm::engine
