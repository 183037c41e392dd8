#include "core/transaction/due_acks.h"

#include "absl/hash/hash.h"
#include "core/base/check.h"

namespace sipcm::transaction {
namespace {

constexpr uint64_t kWorkerMask = 63;

// Never 0, with the bits of the worker clear.
uint64_t FingerprintOf(absl::string_view call_key) {
  return (absl::HashOf(call_key) & ~kWorkerMask) | (uint64_t{1} << 63);
}

// The slot that the i-th look goes to.
size_t PlaceOf(uint64_t entry, size_t i) {
  return ((entry & ~kWorkerMask) / (kWorkerMask + 1) + i) % DueAcks::kSlots;
}

}  // namespace

uint64_t DueAcks::Enter(absl::string_view call_key, int worker) {
  SIPCM_CHECK(worker >= 0 && static_cast<uint64_t>(worker) <= kWorkerMask);
  const uint64_t entry = FingerprintOf(call_key) | static_cast<uint64_t>(worker);
  for (size_t i = 0; i < kProbes; ++i) {
    uint64_t free = 0;
    if (slots_[PlaceOf(entry, i)].compare_exchange_strong(free, entry, std::memory_order_seq_cst)) {
      return entry;
    }
  }
  return 0;
}

void DueAcks::Leave(uint64_t entry) {
  for (size_t i = 0; i < kProbes; ++i) {
    uint64_t expected = entry;
    if (slots_[PlaceOf(entry, i)].compare_exchange_strong(expected, 0, std::memory_order_seq_cst)) {
      return;
    }
  }
  SIPCM_UNREACHABLE("left without having entered");
}

int DueAcks::WorkerOf(absl::string_view call_key) const {
  const uint64_t fingerprint = FingerprintOf(call_key);
  for (size_t i = 0; i < kProbes; ++i) {
    const uint64_t found = slots_[PlaceOf(fingerprint, i)].load(std::memory_order_seq_cst);
    if ((found & ~kWorkerMask) == fingerprint) return static_cast<int>(found & kWorkerMask);
  }
  return kNoWorker;
}

}  // namespace sipcm::transaction
