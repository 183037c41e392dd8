#include "tests/simulation/network_faults.h"

namespace sipcm::simulation {

fakes::FakeNetworkOptions DrawNetworkFaults(RandomSource* random) {
  const auto draw = [random](uint64_t below) { return random->Next() % below; };
  fakes::FakeNetworkOptions options;
  options.stream.max_delay = absl::Milliseconds(static_cast<int64_t>(draw(400)));
  options.stream.max_piece = draw(3) == 0 ? 0 : 1 + draw(400);
  options.stream.block_probability = draw(3) == 0 ? 0.05 : 0;
  options.stream.reset_probability = draw(3) == 0 ? 0.005 : 0;
  options.max_connect_delay = absl::Milliseconds(static_cast<int64_t>(draw(2000)));
  options.refuse_probability = draw(4) == 0 ? 0.2 : 0;
  options.black_hole_probability = draw(4) == 0 ? 0.1 : 0;
  return options;
}

}  // namespace sipcm::simulation
