#include "tests/benchmark/load/cpu_clock.h"

#include <unistd.h>

#include "gtest/gtest.h"

namespace sipcm::load {
namespace {

TEST(CpuClockTest, ReadsTheMachineFromProcStat) {
  const auto reading = ParseMachineCpu("cpu  100 20 30 4000 50 6 7 80 9 10", 100);
  ASSERT_TRUE(reading.has_value());
  EXPECT_EQ(reading->machine, absl::Milliseconds(1500));
  EXPECT_EQ(reading->stolen, absl::Milliseconds(800));
}

TEST(CpuClockTest, RefusesWhatIsNoProcStat) {
  EXPECT_FALSE(ParseMachineCpu("", 100).has_value());
  EXPECT_FALSE(ParseMachineCpu("cpu 1 2 3", 100).has_value());
  EXPECT_FALSE(ParseMachineCpu("mem 1 2 3 4 5 6 7 8", 100).has_value());
}

TEST(CpuClockTest, CountsWhatAWatchedProcessUses) {
  const CpuReading before = ReadCpu({::getpid()});
  CpuReading used;
  while ((used = Difference(ReadCpu({::getpid()}), before)).own < absl::Milliseconds(5)) {
  }
  ASSERT_EQ(used.processes.size(), 1u);
  EXPECT_GT(used.processes[0], absl::Milliseconds(4));
  EXPECT_LT(used.processes[0], absl::Seconds(10));
}

TEST(CpuClockTest, TellsThatAProcessHasEnded) {
  EXPECT_EQ(ReadCpu({0x3ffffe}).processes[0], absl::InfiniteDuration());
}

}  // namespace
}  // namespace sipcm::load
