// What a transaction costs (wanted: a non-INVITE transaction at most 1 us and 1 KB, which
// is freed with it; a lookup by branch at most 300 ns).
//   bazel run --config=opt //tests/benchmark:transaction_benchmark

#include <malloc.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "core/base/check.h"
#include "core/base/random_source.h"
#include "core/sip/parser.h"
#include "core/transaction/branch.h"
#include "core/transaction/client_transaction.h"
#include "core/transaction/server_transaction.h"
#include "tests/benchmark/allocation_count.h"
#include "tests/fakes/manual_event_loop.h"

namespace sipcm::transaction {
namespace {

constexpr uint64_t kFlow = 1;

// Requests, or responses to our own, that differ in branch and Call-ID.
struct Message {
  explicit Message(std::string text) : bytes(std::move(text)) {
    SIPCM_CHECK(sip::Parse(bytes, bytes.size(), view).ok());
  }
  // Overwrites the end of its branch: another message, and as warm as one that was just parsed.
  void SetBranchEnd(absl::string_view end) {
    const absl::string_view branch = view.branch();
    bytes.replace(static_cast<size_t>(branch.data() + branch.size() - end.size() - bytes.data()),
                  end.size(), end.data(), end.size());
  }

  std::string bytes;
  sip::MessageView view;
};
using Messages = std::vector<std::unique_ptr<Message>>;

std::string Rows(absl::string_view branch, size_t i) {
  return absl::StrCat("Via: SIP/2.0/TCP peer.example.net:5060;branch=", branch,
                      ";rport\r\nMax-Forwards: 70\r\nFrom: \"Bob\" <sip:bob@example.net>;tag=f", i,
                      "\r\nTo: <sip:alice@example.com>\r\nCall-ID: 8a7f6e5d4c3b2a19-", i,
                      "@peer.example.net\r\nCSeq: ", i, " OPTIONS\r\nContent-Length: 0\r\n\r\n");
}

std::string Digits(size_t i) { return absl::StrCat(absl::Dec(i, absl::kZeroPad8)); }

Messages MakeRequests(size_t count) {
  Messages requests;
  for (size_t i = 0; i < count; ++i) {
    requests.push_back(std::make_unique<Message>(
        absl::StrCat("OPTIONS sip:alice@example.com SIP/2.0\r\n",
                     Rows(absl::StrCat("z9hG4bKa1b2c3d4e5f6-", Digits(i)), i))));
  }
  return requests;
}

void Report(benchmark::State& state, uint64_t allocations_before) {
  state.counters["allocations"] =
      benchmark::Counter(static_cast<double>(AllocationCount() - allocations_before),
                         benchmark::Counter::kAvgIterations);
}

size_t LiveBytes() { return mallinfo2().uordblks; }

class Server final : private ServerTransactionTable::Owner {
 public:
  ServerTransactionTable& table() { return table_; }

 private:
  void OnTrying(ServerTransaction&) override {}

  fakes::ManualEventLoop loop_;
  SeededRandomSource random_{1};
  OngoingRequests ongoing_{2};
  ServerTransactionTable table_{&loop_, &random_, &ongoing_, this};
};

// All that a non-INVITE transaction adds to a request: the look for a copy, its place in both
// tables, its timer, its end. Argument: how many others are open.
void ServeOne(benchmark::State& state) {
  const size_t open = static_cast<size_t>(state.range(0));
  const Messages requests = MakeRequests(open + 1024);
  Server server;
  for (size_t i = 0; i < open; ++i) server.table().Add(requests[i]->view, kFlow, "alice", i + 1);
  size_t next = open;
  const uint64_t before = AllocationCount();
  for (auto _ : state) {
    const sip::MessageView& request = requests[next]->view;
    benchmark::DoNotOptimize(server.table().Match(request, kFlow));
    ServerTransaction* const transaction = server.table().Add(request, kFlow, "alice", next);
    server.table().Finish(transaction, 200);
    if (++next == requests.size()) next = open;
  }
  Report(state, before);
}
BENCHMARK(ServeOne)->Arg(0)->Arg(1000)->Arg(100000);

// The live memory of one, and what is left of it afterwards.
void MemoryOfOne(benchmark::State& state) {
  constexpr size_t kCount = 10000;
  const Messages requests = MakeRequests(kCount);
  Server server;
  std::vector<ServerTransaction*> open(kCount);
  double live = 0;
  double left = 0;
  for (auto _ : state) {
    const size_t before = LiveBytes();
    for (size_t i = 0; i < kCount; ++i) {
      open[i] = server.table().Add(requests[i]->view, kFlow, "alice", i + 1);
    }
    live = static_cast<double>(LiveBytes() - before) / kCount;
    for (ServerTransaction* const transaction : open) server.table().Finish(transaction, 200);
    left = static_cast<double>(LiveBytes() - before) / kCount;
  }
  state.counters["bytes_live"] = live;
  // The table's own room, which the next ones use.
  state.counters["bytes_left"] = left;
}
BENCHMARK(MemoryOfOne)->Iterations(1);

// Each time another one, none of which is in the processor's caches when there are many.
void FindServerTransaction(benchmark::State& state) {
  const Messages requests = MakeRequests(static_cast<size_t>(state.range(0)));
  Server server;
  for (size_t i = 0; i < requests.size(); ++i) {
    server.table().Add(requests[i]->view, kFlow, "alice", i + 1);
  }
  std::vector<std::string> ends;
  for (size_t i = 0; i < requests.size(); ++i) ends.push_back(Digits(i));
  Message& request = *requests.front();
  SIPCM_CHECK(server.table().Match(request.view, kFlow) != nullptr);
  size_t next = 0;
  for (auto _ : state) {
    request.SetBranchEnd(ends[next]);
    benchmark::DoNotOptimize(server.table().Match(request.view, kFlow));
    next = (next + 7919) % requests.size();
  }
}
BENCHMARK(FindServerTransaction)->Arg(100)->Arg(10000)->Arg(100000);

void FindClientTransaction(benchmark::State& state) {
  SeededRandomSource random(1);
  ClientTransactionTable table(&random);
  std::vector<std::string> ends;
  for (int64_t i = 0; i < state.range(0); ++i) {
    auto owned = std::make_unique<ClientTransaction>();
    owned->method = "OPTIONS";
    ClientTransaction* const transaction = owned.get();
    table.Add(std::move(owned));
    ends.push_back(BranchText(transaction->key));
  }
  Message response(absl::StrCat("SIP/2.0 200 OK\r\n", Rows(ends.front(), 1)));
  SIPCM_CHECK(table.Match(response.view) != nullptr);
  size_t next = 0;
  for (auto _ : state) {
    response.SetBranchEnd(ends[next]);
    benchmark::DoNotOptimize(table.Match(response.view));
    next = (next + 7919) % ends.size();
  }
}
BENCHMARK(FindClientTransaction)->Arg(100)->Arg(10000)->Arg(100000);

}  // namespace
}  // namespace sipcm::transaction
