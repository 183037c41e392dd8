#ifndef SIPCM_CORE_DISPATCH_REQUEST_ID_H_
#define SIPCM_CORE_DISPATCH_REQUEST_ID_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sipcm::dispatch {

// Names one delivered request. The worker that holds it and its slot are part of the number, so
// that an answer finds it without a map and without a lock; the nonce makes a stale or guessed id
// miss.
class RequestId {
 public:
  static constexpr int kMaxWorkers = 64;
  static constexpr uint32_t kMaxSlots = 1u << 22;

  RequestId() = default;  // none
  RequestId(int worker, uint32_t slot, uint64_t nonce)
      : value_((static_cast<uint64_t>(worker) << 58) |
               (static_cast<uint64_t>(slot & (kMaxSlots - 1)) << 36) | (nonce & 0xfffffffffULL)) {}
  static RequestId FromValue(uint64_t value) {
    RequestId id;
    id.value_ = value;
    return id;
  }
  // Exactly what ToString() writes. False, and `id` as it was, when it is something else.
  static bool Parse(absl::string_view text, RequestId* id) {
    // SimpleHexAtoi alone would take "0x", signs, spaces and capitals: then one request had
    // several ids.
    for (const char c : text) {
      if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) return false;
    }
    RequestId parsed;
    if (text.size() != 16 || !absl::SimpleHexAtoi(text, &parsed.value_)) return false;
    *id = parsed;
    return true;
  }

  uint64_t value() const { return value_; }
  int worker() const { return static_cast<int>(value_ >> 58); }
  uint32_t slot() const { return static_cast<uint32_t>(value_ >> 36) & (kMaxSlots - 1); }
  std::string ToString() const { return absl::StrCat(absl::Hex(value_, absl::kZeroPad16)); }

  friend bool operator==(RequestId a, RequestId b) = default;
  template <typename H>
  friend H AbslHashValue(H h, RequestId id) {
    return H::combine(std::move(h), id.value_);
  }

 private:
  uint64_t value_ = 0;  // worker:6 slot:22 nonce:36
};

}  // namespace sipcm::dispatch

#endif  // SIPCM_CORE_DISPATCH_REQUEST_ID_H_
