#include "core/transaction/ongoing_requests.h"

#include <algorithm>

#include "absl/hash/hash.h"
#include "core/base/check.h"

namespace sipcm::transaction {

OngoingRequests::OngoingRequests(uint64_t seed)
    : seed_(seed), slots_(std::make_unique<std::atomic<uint64_t>[]>(kSlots)) {}

uint64_t OngoingRequests::FingerprintOf(const sip::MessageView& request,
                                        absl::string_view endpoint_id) const {
  const uint64_t hash = absl::HashOf(seed_, endpoint_id, request.call_id(), request.from_tag(),
                                     request.to_tag(), request.cseq_number(), request.method());
  return std::max<uint64_t>(hash, 1);
}

OngoingRequests::Entry OngoingRequests::Enter(uint64_t fingerprint) {
  // All places are looked at, because those before a copy may have become free since it came. (If
  // one becomes free in the instant in which two copies look, both may be let in.)
  size_t mine = kProbes;
  for (size_t i = 0; i < kProbes; ++i) {
    std::atomic<uint64_t>& slot = slots_[(fingerprint + i) % kSlots];
    uint64_t found = slot.load(std::memory_order_seq_cst);
    if (found == 0 && mine == kProbes &&
        slot.compare_exchange_strong(found, fingerprint, std::memory_order_seq_cst)) {
      mine = i;
      continue;
    }
    if (found != fingerprint) continue;
    if (mine < kProbes) Leave(fingerprint);
    return Entry::kMerged;
  }
  return mine < kProbes ? Entry::kEntered : Entry::kNoRoom;
}

void OngoingRequests::Leave(uint64_t fingerprint) {
  for (size_t i = 0; i < kProbes; ++i) {
    uint64_t expected = fingerprint;
    if (slots_[(fingerprint + i) % kSlots].compare_exchange_strong(expected, 0,
                                                                   std::memory_order_seq_cst)) {
      return;
    }
  }
  SIPCM_UNREACHABLE("left without having entered");
}

}  // namespace sipcm::transaction
