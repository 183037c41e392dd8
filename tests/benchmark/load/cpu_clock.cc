#include "tests/benchmark/load/cpu_clock.h"

#include <time.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>

namespace sipcm::load {
namespace {

absl::Duration ReadClock(clockid_t clock) {
  timespec time = {};
  if (::clock_gettime(clock, &time) != 0) return absl::InfiniteDuration();
  return absl::DurationFromTimespec(time);
}

absl::Duration ReadProcess(pid_t process) {
  clockid_t clock = 0;
  if (::clock_getcpuclockid(process, &clock) != 0) return absl::InfiniteDuration();
  return ReadClock(clock);
}

}  // namespace

absl::optional<CpuReading> ParseMachineCpu(absl::string_view proc_stat, int64_t ticks_per_second) {
  std::istringstream text{std::string(proc_stat)};
  std::string name;
  std::array<int64_t, 8> ticks = {};  // user nice system idle iowait irq softirq steal
  text >> name;
  for (int64_t& value : ticks) text >> value;
  if (!text || name != "cpu") return absl::nullopt;
  const auto duration = [&](int64_t count) { return absl::Seconds(count) / ticks_per_second; };
  CpuReading reading;
  reading.machine = duration(ticks[0] + ticks[1] + ticks[2]);
  reading.stolen = duration(ticks[7]);
  return reading;
}

CpuReading ReadCpu(const std::vector<pid_t>& watched) {
  std::ifstream file("/proc/stat");
  std::string first_line;
  std::getline(file, first_line);
  CpuReading reading = ParseMachineCpu(first_line, ::sysconf(_SC_CLK_TCK)).value_or(CpuReading{});
  for (const pid_t process : watched) reading.processes.push_back(ReadProcess(process));
  reading.own = ReadClock(CLOCK_PROCESS_CPUTIME_ID);
  return reading;
}

CpuReading Difference(const CpuReading& later, const CpuReading& earlier) {
  CpuReading used = later;
  for (size_t i = 0; i < used.processes.size(); ++i) used.processes[i] -= earlier.processes[i];
  used.own -= earlier.own;
  used.machine -= earlier.machine;
  used.stolen -= earlier.stolen;
  return used;
}

}  // namespace sipcm::load
