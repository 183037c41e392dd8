// Single steps of a message's way: whom it is for, the door of a worker, its timers, and its shapes
// in the API.
//   bazel run --config=opt //tests/benchmark/hot_path:step_benchmark

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "core/base/check.h"
#include "core/dispatch/dispatcher.h"
#include "core/event/mailbox.h"
#include "core/event/timeout_queue.h"
#include "core/sip/framer.h"
#include "core/sip/parser.h"
#include "server/messaging/conversion/delivery_conversion.h"
#include "tests/benchmark/hot_path/allocations.h"
#include "tests/benchmark/hot_path/hot_path.h"
#include "tests/fakes/manual_event_loop.h"

namespace sipcm {
namespace {

// Argument: endpoints.
void DispatchAmong(benchmark::State& state) {
  auto directory = std::make_shared<dispatch::EndpointDirectory>();
  for (int i = 0; i < state.range(0); ++i) {
    auto endpoint = std::make_shared<dispatch::Endpoint>();
    endpoint->id = absl::StrCat("user", i);
    endpoint->address = absl::StrCat("sip:user", i, "@example.com");
    SIPCM_CHECK(directory->Put({std::move(endpoint), nullptr}).ok());
  }
  const std::string text = engine::MakeRequest("OPTIONS", "sip:user7@example.com", 1);
  sip::MessageView request;
  SIPCM_CHECK(sip::Parse(text, text.size(), request).ok());
  const dispatch::DispatchPolicy policy;
  const Allocations allocations(state);
  for (auto _ : state) {
    benchmark::DoNotOptimize(dispatch::Dispatch({request}, *directory, policy).entry);
  }
}
BENCHMARK(DispatchAmong)->Arg(10)->Arg(100000);

void PostAndRun(benchmark::State& state) {
  event::Mailbox mailbox;
  int ran = 0;
  const Allocations allocations(state);
  for (auto _ : state) {
    benchmark::DoNotOptimize(mailbox.Put([&ran] { ++ran; }));
    mailbox.RunWaiting();
  }
}
BENCHMARK(PostAndRun);

class NoTimeouts final : public event::TimeoutQueue::Listener {
 public:
  void OnTimeout(event::TimeoutQueue::Entry&) override {}
};

void ArmAndDisarmATimeout(benchmark::State& state) {
  fakes::ManualEventLoop loop;
  NoTimeouts nobody;
  event::TimeoutQueue queue(&loop, &nobody);
  event::TimeoutQueue::Entry entry;
  const Allocations allocations(state);
  for (auto _ : state) {
    queue.Arm(&entry, absl::Seconds(32));
    queue.Disarm(&entry);
  }
}
BENCHMARK(ArmAndDisarmATimeout);

void FillDelivery(benchmark::State& state, server::View view) {
  engine::HotPath path;
  const dispatch::Delivery delivery = path.MakeDelivery();
  const server::DeliveryFormat format{.view = view};
  v1::Delivery out;
  const Allocations allocations(state);
  for (auto _ : state) {
    out.Clear();
    server::FillDelivery(delivery, format, &out);
  }
}
BENCHMARK_CAPTURE(FillDelivery, raw, server::View::kRaw);
BENCHMARK_CAPTURE(FillDelivery, parsed, server::View::kParsed);

void FillAndSerialize(benchmark::State& state, server::View view) {
  engine::HotPath path;
  const dispatch::Delivery delivery = path.MakeDelivery();
  const server::DeliveryFormat format{.view = view};
  v1::Delivery out;
  std::string bytes;
  const Allocations allocations(state);
  for (auto _ : state) {
    out.Clear();
    server::FillDelivery(delivery, format, &out);
    out.SerializeToString(&bytes);
  }
}
BENCHMARK_CAPTURE(FillAndSerialize, raw, server::View::kRaw);
BENCHMARK_CAPTURE(FillAndSerialize, parsed, server::View::kParsed);

}  // namespace
}  // namespace sipcm
