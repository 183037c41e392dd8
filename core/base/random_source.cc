#include "core/base/random_source.h"

#include "absl/random/random.h"

namespace sipcm {

uint64_t SeededRandomSource::Next() {
  // SplitMix64 (Steele, Lea, Flood 2014).
  uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

struct SystemRandomSource::Generator {
  absl::BitGen bits;
};

SystemRandomSource::SystemRandomSource() : generator_(new Generator) {}
SystemRandomSource::~SystemRandomSource() { delete generator_; }
uint64_t SystemRandomSource::Next() { return absl::Uniform<uint64_t>(generator_->bits); }

}  // namespace sipcm
