#ifndef SIPCM_TESTS_SIMULATION_SEED_RUNNER_H_
#define SIPCM_TESTS_SIMULATION_SEED_RUNNER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace sipcm::simulation {

// The main program of a simulation's test. Its flags: --seed=N runs that seed alone, --seeds=N and
// --first_seed=N choose how many and which.

// Calls `run` for each seed until one has faults, which fail the test with the seed; a broken
// invariant that aborts tells the seed too. True: many were run, so that what they did in sum can
// be judged.
bool RunSeeds(const std::function<std::vector<std::string>(uint64_t seed)>& run);

}  // namespace sipcm::simulation

#endif  // SIPCM_TESTS_SIMULATION_SEED_RUNNER_H_
