#ifndef SIPCM_CORE_TRANSACTION_DUE_ACKS_H_
#define SIPCM_CORE_TRANSACTION_DUE_ACKS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/strings/string_view.h"

namespace sipcm::transaction {

// Which worker waits for the ACK of which 2xx (RFC 3261 13.3.1.4), so that an ACK that came to
// another one finds its way, and one that nobody waits for goes no further. A table of fixed size,
// without lock or allocation. Any thread.
class DueAcks {
 public:
  // 32 KiB. Each has its place among kProbes next to each other, so that nearly all of the first
  // 2,048 find room.
  static constexpr size_t kSlots = 4096;
  static constexpr size_t kProbes = 16;
  static constexpr int kNoWorker = -1;

  DueAcks() : slots_(std::make_unique<std::atomic<uint64_t>[]>(kSlots)) {}
  DueAcks(const DueAcks&) = delete;
  DueAcks& operator=(const DueAcks&) = delete;

  // `call_key`: CallKeyOf() of the 2xx. `worker`: below 64. What is to be left once; 0: there was
  // no room, and other workers will not find it.
  uint64_t Enter(absl::string_view call_key, int worker);
  void Leave(uint64_t entry);
  // kNoWorker: none waits for it. A worker may be named that does not, once in 2^57 keys.
  int WorkerOf(absl::string_view call_key) const;

 private:
  const std::unique_ptr<std::atomic<uint64_t>[]> slots_;  // 0: free; the low 6 bits: the worker
};

}  // namespace sipcm::transaction

#endif  // SIPCM_CORE_TRANSACTION_DUE_ACKS_H_
