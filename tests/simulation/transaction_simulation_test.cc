// Runs transactions under many seeds. A seed that fails is printed; replay it with
//   bazel test //tests/simulation:transaction_simulation_test --test_arg=--seed=N
// and run more with --test_arg=--seeds=100000.
#include "tests/simulation/transaction_simulation.h"

#include <cstdint>
#include <cstdio>

#include "gtest/gtest.h"
#include "tests/simulation/seed_runner.h"

namespace sipcm::simulation {
namespace {

TEST(TransactionSimulationTest, NoTransactionHasTwoAnswersOrTwoFirstAttempts) {
  TransactionTally sum;
  const bool many = RunSeeds([&sum](uint64_t seed) {
    SeededRandomSource decisions(seed);
    TransactionSimulation simulation(&decisions, seed);
    for (int i = 0; i < 150; ++i) simulation.Step();
    const std::vector<std::string> faults = simulation.Finish();
    sum.Add(simulation.tally());
    return faults;
  });
  std::printf(
      "%d requests, %d copies, %d absorbed, %d merged, %d CANCELs, %d malformed; 2xx repeated %d "
      "times, %d ACKs "
      "delivered, %d missing; %d answers went another way; %d connections and %d applications "
      "lost, %d back; %d calls out, %d ended by the server\n",
      sum.requests, sum.copies, sum.absorbed, sum.merged, sum.cancels, sum.malformed,
      sum.repeated_2xx, sum.acks_delivered, sum.acks_missing, sum.returned_answers,
      sum.lost_connections, sum.lost_applications, sum.returned_applications, sum.calls_out,
      sum.ended_calls_out);
  if (!many) return;
  // A simulation in which nothing goes wrong proves nothing.
  for (const int count :
       {sum.copies, sum.absorbed, sum.merged, sum.cancels, sum.malformed, sum.repeated_2xx,
        sum.acks_delivered, sum.acks_missing, sum.returned_answers, sum.lost_connections,
        sum.lost_applications, sum.returned_applications, sum.accepted, sum.lost_to_them,
        sum.ended_calls_out}) {
    EXPECT_GT(count, 0);
  }
}

}  // namespace
}  // namespace sipcm::simulation
