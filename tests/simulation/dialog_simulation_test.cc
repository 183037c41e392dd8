// Runs dialogs under many seeds. A seed that fails is printed; replay it with
//   bazel test //tests/simulation:dialog_simulation_test --test_arg=--seed=N
// and run more with --test_arg=--seeds=100000.
#include "tests/simulation/dialog_simulation.h"

#include <cstdint>
#include <cstdio>

#include "gtest/gtest.h"
#include "tests/simulation/seed_runner.h"

namespace sipcm::simulation {
namespace {

TEST(DialogSimulationTest, NoRequestOfADialogIsTakenTwiceAndNoDialogIsLeft) {
  DialogTally sum;
  const bool many = RunSeeds([&sum](uint64_t seed) {
    SeededRandomSource decisions(seed);
    DialogSimulation simulation(&decisions, seed);
    for (int i = 0; i < 150; ++i) simulation.Step();
    const std::vector<std::string> faults = simulation.Finish();
    sum.Add(simulation.tally());
    return faults;
  });
  std::printf(
      "%d calls in and %d out; %d requests and %d copies in, %d requests out, %d without a "
      "response, %d cancelled; %d connections and %d applications lost, %d back\n",
      sum.calls_in, sum.calls_out, sum.requests_in, sum.copies, sum.requests_out,
      sum.failed_requests, sum.cancelled, sum.lost_connections, sum.lost_applications,
      sum.returned_applications);
  if (!many) return;
  for (const int count : {sum.calls_in, sum.calls_out, sum.requests_in, sum.copies,
                          sum.requests_out, sum.failed_requests, sum.cancelled,
                          sum.lost_connections, sum.lost_applications, sum.returned_applications}) {
    EXPECT_GT(count, 0);
  }
}

}  // namespace
}  // namespace sipcm::simulation
