// What it costs to decide which endpoint a request goes to, among 10,000: nanoseconds and heap
// allocations per decision (none).
//   bazel run --config=opt //tests/benchmark:dispatch_benchmark

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "core/base/check.h"
#include "core/dispatch/dispatcher.h"
#include "core/sip/parser.h"
#include "tests/benchmark/allocation_count.h"

namespace sipcm::dispatch {
namespace {

constexpr int kEndpoints = 10000;

std::shared_ptr<const EndpointDirectory> MakeDirectory() {
  auto directory = std::make_shared<EndpointDirectory>();
  for (int i = 0; i < kEndpoints; ++i) {
    auto endpoint = std::make_shared<Endpoint>();
    endpoint->id = absl::StrCat("user-", i);
    endpoint->address = absl::StrCat("sip:user-", i, "@example.com");
    endpoint->endpoint_id = absl::StrCat(absl::Hex(i + 0x1000));
    SIPCM_CHECK(directory->Put({endpoint, std::make_shared<SubscriptionGroup>()}).ok());
  }
  return directory;
}

// The message of every budget, to `request_uri` and `to`.
void Decide(benchmark::State& state, const std::string& request_uri, const std::string& to,
            DispatchReason expected) {
  static const std::shared_ptr<const EndpointDirectory> directory = MakeDirectory();
  const std::string bytes = absl::StrCat(
      "OPTIONS ", request_uri, " SIP/2.0\r\n",
      "Via: SIP/2.0/TCP 192.0.2.33:45060;rport;branch=z9hG4bK-524287-1---a1b2c3d4e5f60718\r\n",
      "Max-Forwards: 70\r\nFrom: <sip:load@generator.example.net>;tag=8f3a2b1c9d\r\nTo: ", to,
      "\r\nCall-ID: 7f1e2d3c4b5a69788796a5b4c3d2e1f0@generator.example.net\r\n",
      "CSeq: 314159 OPTIONS\r\nContent-Length: 0\r\n\r\n");
  sip::MessageView view;
  SIPCM_CHECK(sip::Parse(bytes, bytes.size(), view).ok());
  const DispatchPolicy policy;
  const uint64_t before = AllocationCount();
  for (auto _ : state) {
    const DispatchDecision decision = Dispatch({view}, *directory, policy);
    SIPCM_CHECK(decision.reason == expected);
  }
  state.counters["allocs_per_decision"] = benchmark::Counter(
      static_cast<double>(AllocationCount() - before) / static_cast<double>(state.iterations()));
}

void BM_ByRequestUri(benchmark::State& state) {
  Decide(state, "sip:user-4711@example.com", "<sip:user-4711@example.com>",
         DispatchReason::kRequestUri);
}
BENCHMARK(BM_ByRequestUri);

void BM_ByRequestUriWithParameters(benchmark::State& state) {
  Decide(state, "sip:user-4711@example.com:5060;transport=tcp;lr", "<sip:user-4711@example.com>",
         DispatchReason::kRequestUri);
}
BENCHMARK(BM_ByRequestUriWithParameters);

void BM_ByTo(benchmark::State& state) {
  Decide(state, "sip:192.0.2.1:5060", "<sip:user-4711@example.com>", DispatchReason::kToAddress);
}
BENCHMARK(BM_ByTo);

void BM_NothingMatches(benchmark::State& state) {
  Decide(state, "sip:nobody@example.org", "<sip:nobody@example.org>",
         DispatchReason::kAutomaticAnswer);
}
BENCHMARK(BM_NothingMatches);

void BM_ByGruu(benchmark::State& state) {
  Decide(state, "sip:user-0@example.com;opaque=user:epid:1000;gruu", "<sip:user-0@example.com>",
         DispatchReason::kGruu);
}
BENCHMARK(BM_ByGruu);

void BM_ByContact(benchmark::State& state) {
  Decide(state, "sip:user-4711@192.0.2.1:5060;transport=tcp;ms-opaque=user-4711",
         "<sip:user-4711@example.com>", DispatchReason::kUniqueContext);
}
BENCHMARK(BM_ByContact);

}  // namespace
}  // namespace sipcm::dispatch
