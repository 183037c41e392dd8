#ifndef SIPCM_CORE_BASE_RANDOM_SOURCE_H_
#define SIPCM_CORE_BASE_RANDOM_SOURCE_H_

#include <cstdint>

namespace sipcm {

// Where chance comes from: tags, branches, request ids, jitter. Given to whoever needs it, so that
// a simulation replays from its seed. Thread: one owner at a time, not locked.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  // Uniform over all 64-bit values. The production source is unpredictable to a peer (tags and
  // branches must be, RFC 3261 19.3); a seeded one is for tests.
  virtual uint64_t Next() = 0;

  // Uniform in [0, 1).
  double NextFraction() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }
};

// SplitMix64 from a seed: for tests and simulation only.
class SeededRandomSource final : public RandomSource {
 public:
  explicit SeededRandomSource(uint64_t seed) : state_(seed) {}
  uint64_t Next() override;

 private:
  uint64_t state_;
};

// ChaCha-like strength from the system (absl::BitGen, seeded from the kernel).
class SystemRandomSource final : public RandomSource {
 public:
  SystemRandomSource();
  ~SystemRandomSource() override;
  uint64_t Next() override;

 private:
  struct Generator;
  Generator* generator_;
};

}  // namespace sipcm

#endif  // SIPCM_CORE_BASE_RANDOM_SOURCE_H_
