#ifndef SIPCM_TESTS_SIMULATION_NETWORK_FAULTS_H_
#define SIPCM_TESTS_SIMULATION_NETWORK_FAULTS_H_

#include "core/base/random_source.h"
#include "tests/fakes/fake_network.h"

namespace sipcm::simulation {

// What the network does in one run: delays, pieces, and now and then resets, refusals and silence.
fakes::FakeNetworkOptions DrawNetworkFaults(RandomSource* random);

}  // namespace sipcm::simulation

#endif  // SIPCM_TESTS_SIMULATION_NETWORK_FAULTS_H_
