// The bytes are decisions: what peers send, copy, cancel, acknowledge and cut, what applications
// answer, what a called remote does, and how time passes (TransactionSimulation). All that must
// hold of transactions is checked, on the whole engine with several workers.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/base/random_source.h"
#include "tests/simulation/transaction_simulation.h"

namespace sipcm::simulation {
namespace {

constexpr int kMaxSteps = 400;

// One byte for each decision, then zeros.
class ByteDecisions final : public RandomSource {
 public:
  ByteDecisions(const uint8_t* bytes, size_t size) : bytes_(bytes), size_(size) {}
  uint64_t Next() override { return next_ < size_ ? bytes_[next_++] : 0; }
  bool is_over() const { return next_ >= size_; }

 private:
  const uint8_t* const bytes_;
  const size_t size_;
  size_t next_ = 0;
};

void Fuzz(const uint8_t* bytes, size_t size) {
  ByteDecisions decisions(bytes, size);
  TransactionSimulation simulation(&decisions, /*engine_seed=*/1);
  for (int i = 0; i < kMaxSteps && !decisions.is_over(); ++i) simulation.Step();
  const std::vector<std::string> faults = simulation.Finish();
  for (const std::string& fault : faults) std::fprintf(stderr, "%s\n", fault.c_str());
  SIPCM_CHECK(faults.empty());
}

}  // namespace
}  // namespace sipcm::simulation

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  sipcm::simulation::Fuzz(bytes, size);
  return 0;
}
