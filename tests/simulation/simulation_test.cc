// Runs the engine under many seeds. A seed that fails is printed; replay it with
//   bazel test //tests/simulation:simulation_test --test_arg=--seed=N --test_output=all
// and run more with --test_arg=--seeds=100000.
#include "tests/simulation/simulation.h"

#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

ABSL_FLAG(uint64_t, seed, 0, "run this seed alone (0: run many)");
ABSL_FLAG(uint64_t, first_seed, 1, "the first of many seeds");
ABSL_FLAG(uint64_t, seeds, 1000, "how many seeds to run");

namespace sipcm::simulation {
namespace {

volatile uint64_t running_seed = 0;

// A broken invariant aborts before the test can tell which seed it was.
void TellSeed(int /*signal*/) {
  char text[64];
  const int size = std::snprintf(text, sizeof(text), "aborted in seed %llu\n",
                                 static_cast<unsigned long long>(running_seed));
  if (write(STDERR_FILENO, text, static_cast<size_t>(size)) < 0) return;
}

TEST(SimulationTest, EveryRequestEndsWithOneAnswerWhateverFails) {
  const uint64_t only = absl::GetFlag(FLAGS_seed);
  const uint64_t first = only != 0 ? only : absl::GetFlag(FLAGS_first_seed);
  const uint64_t count = only != 0 ? 1 : absl::GetFlag(FLAGS_seeds);
  Tally sum;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    running_seed = seed;
    Simulation simulation(seed);
    const std::vector<std::string> faults = simulation.Run();
    sum.Add(simulation.tally());
    ASSERT_TRUE(faults.empty()) << absl::StrJoin(faults, "\n")
                                << "\nreplay: --test_arg=--seed=" << seed;
  }
  std::printf(
      "%d requests: %d answers by applications, %d by the server, %d redelivered, %d connections "
      "broken; %d sends, %d failed\n",
      sum.requests, sum.application_answers, sum.automatic_answers, sum.redeliveries,
      sum.lost_connections, sum.sends, sum.failed_sends);
  if (only != 0) return;
  // A simulation in which nothing goes wrong proves nothing.
  EXPECT_GT(sum.application_answers, 0);
  EXPECT_GT(sum.automatic_answers, 0);
  EXPECT_GT(sum.redeliveries, 0);
  EXPECT_GT(sum.lost_connections, 0);
  EXPECT_GT(sum.failed_sends, 0);
}

TEST(SimulationTest, OneSeedRunsTheSameTwice) {
  Simulation first(42);
  Simulation second(42);
  first.Run();
  second.Run();
  EXPECT_EQ(first.tally().requests, second.tally().requests);
  EXPECT_EQ(first.tally().automatic_answers, second.tally().automatic_answers);
  EXPECT_EQ(first.tally().redeliveries, second.tally().redeliveries);
  EXPECT_EQ(first.tally().failed_sends, second.tally().failed_sends);
}

}  // namespace
}  // namespace sipcm::simulation

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  absl::ParseCommandLine(argc, argv);
  std::signal(SIGABRT, sipcm::simulation::TellSeed);
  return RUN_ALL_TESTS();
}
