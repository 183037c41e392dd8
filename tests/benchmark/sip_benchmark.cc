// What one SIP message costs on its way through framer, parser and builder: nanoseconds and heap
// allocations per message (performance.md: none in the steady state).

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "benchmark/benchmark.h"
#include "core/sip/address_of_record.h"
#include "core/sip/framer.h"
#include "core/sip/parser.h"
#include "core/sip/request_builder.h"
#include "core/sip/response_builder.h"
#include "core/sip/uri.h"
#include "tests/benchmark/allocation_count.h"

namespace sipcm::sip {
namespace {

// Ten headers, 500 bytes: the message of every budget.
constexpr absl::string_view kOptions =
    "OPTIONS sip:alice@example.com SIP/2.0\r\n"
    "Via: SIP/2.0/TCP 192.0.2.33:45060;rport;branch=z9hG4bK-524287-1---a1b2c3d4e5f60718\r\n"
    "Max-Forwards: 70\r\n"
    "From: \"Load Generator\" <sip:load@generator.example.net>;tag=8f3a2b1c9d\r\n"
    "To: <sip:alice@example.com>\r\n"
    "Call-ID: 7f1e2d3c4b5a69788796a5b4c3d2e1f0@generator.example.net\r\n"
    "CSeq: 314159 OPTIONS\r\n"
    "Contact: <sip:load@192.0.2.33:45060;transport=tcp>\r\n"
    "Accept: application/sdp\r\n"
    "User-Agent: sipcm-benchmark/1.0 (load generator)\r\n"
    "Content-Length: 0\r\n"
    "\r\n";

// Counts allocations over the timed loop and reports them per message.
class AllocationCounter {
 public:
  explicit AllocationCounter(benchmark::State& state) : state_(state), start_(AllocationCount()) {}
  ~AllocationCounter() {
    state_.counters["allocs_per_message"] = benchmark::Counter(
        static_cast<double>(AllocationCount() - start_) / static_cast<double>(state_.iterations()));
  }

 private:
  benchmark::State& state_;
  const uint64_t start_;
};

void BM_Frame(benchmark::State& state) {
  Framer framer;
  AllocationCounter counter(state);
  for (auto _ : state) benchmark::DoNotOptimize(framer.Next(kOptions));
}
BENCHMARK(BM_Frame);

void BM_FrameOneByteAtATime(benchmark::State& state) {
  Framer framer;
  AllocationCounter counter(state);
  for (auto _ : state) {
    for (size_t i = 1; i <= kOptions.size(); ++i) {
      benchmark::DoNotOptimize(framer.Next(kOptions.substr(0, i)));
    }
  }
}
BENCHMARK(BM_FrameOneByteAtATime);

void BM_Parse(benchmark::State& state) {
  MessageView view;
  AllocationCounter counter(state);
  for (auto _ : state) benchmark::DoNotOptimize(Parse(kOptions, kOptions.size(), view));
}
BENCHMARK(BM_Parse);

void BM_FrameAndParse(benchmark::State& state) {
  Framer framer;
  MessageView view;
  AllocationCounter counter(state);
  for (auto _ : state) {
    const Frame frame = framer.Next(kOptions);
    benchmark::DoNotOptimize(Parse(kOptions.substr(0, frame.consumed), frame.header_length, view));
  }
}
BENCHMARK(BM_FrameAndParse);

void BM_BuildResponse(benchmark::State& state) {
  MessageView view;
  Parse(kOptions, kOptions.size(), view);
  const HeaderText headers[] = {{"Server", "sipcm"}};
  std::string out;
  out.reserve(4096);
  ResponseBuilder builder(view);
  builder.Status(200).From({"192.0.2.33", 45060}).ToTag("a7d6f5").Headers(headers);
  AllocationCounter counter(state);
  for (auto _ : state) {
    out.clear();
    benchmark::DoNotOptimize(builder.AppendTo(&out).ok());
  }
}
BENCHMARK(BM_BuildResponse);

void BM_BuildRequest(benchmark::State& state) {
  const HeaderText headers[] = {{"From", "<sip:load@example.net>;tag=1"},
                                {"To", "<sip:alice@example.com>"}};
  RequestParts parts;
  parts.method = "OPTIONS";
  parts.request_uri = "sip:alice@example.com";
  parts.headers = headers;
  parts.transport = "TCP";
  parts.sent_by = "192.0.2.33:45060";
  parts.branch = "z9hG4bK-524287-1";
  parts.call_id = "7f1e2d3c4b5a6978";
  std::string out;
  out.reserve(4096);
  AllocationCounter counter(state);
  for (auto _ : state) {
    out.clear();
    benchmark::DoNotOptimize(AppendRequest(parts, &out).ok());
  }
}
BENCHMARK(BM_BuildRequest);

void BM_AddressOfRecord(benchmark::State& state) {
  AllocationCounter counter(state);
  for (auto _ : state) {
    const AddressOfRecord address(ParseUri("sip:alice@Example.COM:5060;transport=tcp"));
    benchmark::DoNotOptimize(address.text().size());
  }
}
BENCHMARK(BM_AddressOfRecord);

}  // namespace
}  // namespace sipcm::sip
