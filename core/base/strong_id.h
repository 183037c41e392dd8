#ifndef SIPCM_CORE_BASE_STRONG_ID_H_
#define SIPCM_CORE_BASE_STRONG_ID_H_

#include <compare>
#include <cstdint>
#include <utility>

namespace sipcm {

// A 64-bit number that names one kind of object and does not convert to another kind's:
//   using ConnectionId = StrongId<struct ConnectionIdTag>;
// A value. Zero is "none": real ids begin at 1.
template <typename Tag>
class StrongId {
 public:
  constexpr StrongId() = default;
  constexpr explicit StrongId(uint64_t value) : value_(value) {}

  constexpr uint64_t value() const { return value_; }
  constexpr bool is_none() const { return value_ == 0; }

  friend constexpr bool operator==(StrongId a, StrongId b) = default;
  friend constexpr auto operator<=>(StrongId a, StrongId b) = default;
  template <typename H>
  friend H AbslHashValue(H h, StrongId id) {
    return H::combine(std::move(h), id.value_);
  }

 private:
  uint64_t value_ = 0;
};

}  // namespace sipcm

#endif  // SIPCM_CORE_BASE_STRONG_ID_H_
