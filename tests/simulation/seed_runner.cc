#include "tests/simulation/seed_runner.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>

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

}  // namespace

bool RunSeeds(const std::function<std::vector<std::string>(uint64_t seed)>& run) {
  const uint64_t only = absl::GetFlag(FLAGS_seed);
  const uint64_t first = only != 0 ? only : absl::GetFlag(FLAGS_first_seed);
  const uint64_t count = only != 0 ? 1 : absl::GetFlag(FLAGS_seeds);
  for (uint64_t seed = first; seed < first + count; ++seed) {
    running_seed = seed;
    const std::vector<std::string> faults = run(seed);
    if (faults.empty()) continue;
    ADD_FAILURE() << absl::StrJoin(faults, "\n") << "\nreplay: --test_arg=--seed=" << seed;
    return false;
  }
  return only == 0;
}

}  // namespace sipcm::simulation

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  absl::ParseCommandLine(argc, argv);
  std::signal(SIGABRT, sipcm::simulation::TellSeed);
  return RUN_ALL_TESTS();
}
