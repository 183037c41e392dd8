#ifndef SIPCM_TESTS_BENCHMARK_LOAD_CPU_CLOCK_H_
#define SIPCM_TESTS_BENCHMARK_LOAD_CPU_CLOCK_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace sipcm::load {

// CPU time used so far, by the kernel's accounting.
struct CpuReading {
  std::vector<absl::Duration> processes;  // user and system, of the watched ones, in their order
  absl::Duration own;                     // of the reading process
  absl::Duration machine;                 // user and system, of all processes on all cores
  absl::Duration stolen;                  // by the host, on all cores
};

// Reads the clocks of this process, of others by their ids, and of the machine. A process that has
// ended reads as InfiniteDuration().
CpuReading ReadCpu(const std::vector<pid_t>& watched);

// What was used between two readings of the same processes.
CpuReading Difference(const CpuReading& later, const CpuReading& earlier);

// The machine's part of a reading from the text of /proc/stat; nothing when it has no "cpu" line.
absl::optional<CpuReading> ParseMachineCpu(absl::string_view proc_stat, int64_t ticks_per_second);

}  // namespace sipcm::load

#endif  // SIPCM_TESTS_BENCHMARK_LOAD_CPU_CLOCK_H_
