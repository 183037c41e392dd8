// Runs the engine under many seeds. A seed that fails is printed; replay it with
//   bazel test //tests/simulation:simulation_test --test_arg=--seed=N --test_output=all
// and run more with --test_arg=--seeds=100000.
#include "tests/simulation/simulation.h"

#include <cstdint>
#include <cstdio>

#include "gtest/gtest.h"
#include "tests/simulation/seed_runner.h"

namespace sipcm::simulation {
namespace {

TEST(SimulationTest, EveryRequestEndsWithOneAnswerWhateverFails) {
  Tally sum;
  const bool many = RunSeeds([&sum](uint64_t seed) {
    Simulation simulation(seed);
    const std::vector<std::string> faults = simulation.Run();
    sum.Add(simulation.tally());
    return faults;
  });
  std::printf(
      "%d requests: %d answers by applications, %d by the server, %d redelivered, %d connections "
      "broken; %d sends, %d failed\n",
      sum.requests, sum.application_answers, sum.automatic_answers, sum.redeliveries,
      sum.lost_connections, sum.sends, sum.failed_sends);
  if (!many) return;
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
