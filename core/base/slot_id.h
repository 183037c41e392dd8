#ifndef SIPCM_CORE_BASE_SLOT_ID_H_
#define SIPCM_CORE_BASE_SLOT_ID_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sipcm {

// Names one object of a worker's table. The worker that has it and its slot are part of the
// number, so that any thread knows where to ask and the worker finds it without a map and without
// a lock; the nonce makes a stale or guessed id miss. One `Tag` for each kind of object. A value.
template <typename Tag>
class SlotId {
 public:
  static constexpr int kMaxWorkers = 64;
  static constexpr uint32_t kMaxSlots = 1u << 22;

  SlotId() = default;  // none
  SlotId(int worker, uint32_t slot, uint64_t nonce)
      : value_((static_cast<uint64_t>(worker) << 58) |
               (static_cast<uint64_t>(slot & (kMaxSlots - 1)) << 36) | (nonce & 0xfffffffffULL)) {}
  static SlotId FromValue(uint64_t value) {
    SlotId id;
    id.value_ = value;
    return id;
  }
  // Exactly what ToString() writes. False, and `id` as it was, when it is something else.
  static bool Parse(absl::string_view text, SlotId* id) {
    // SimpleHexAtoi alone would take "0x", signs, spaces and capitals: then one object had several
    // ids.
    for (const char c : text) {
      if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) return false;
    }
    SlotId parsed;
    if (text.size() != 16 || !absl::SimpleHexAtoi(text, &parsed.value_)) return false;
    *id = parsed;
    return true;
  }

  bool is_valid() const { return value_ != 0; }
  uint64_t value() const { return value_; }
  int worker() const { return static_cast<int>(value_ >> 58); }
  uint32_t slot() const { return static_cast<uint32_t>(value_ >> 36) & (kMaxSlots - 1); }
  std::string ToString() const { return absl::StrCat(absl::Hex(value_, absl::kZeroPad16)); }

  friend bool operator==(SlotId a, SlotId b) = default;
  template <typename H>
  friend H AbslHashValue(H h, SlotId id) {
    return H::combine(std::move(h), id.value_);
  }

 private:
  uint64_t value_ = 0;  // worker:6 slot:22 nonce:36
};

}  // namespace sipcm

#endif  // SIPCM_CORE_BASE_SLOT_ID_H_
