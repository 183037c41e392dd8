#ifndef SIPCM_CORE_ENGINE_WORKER_HOME_WORKER_H_
#define SIPCM_CORE_ENGINE_WORKER_HOME_WORKER_H_

#include "absl/hash/hash.h"
#include "core/engine/manager/manager_state.h"
#include "core/pool/destination.h"

namespace sipcm::engine {

// The worker, of `worker_count`, that has the manager's pool of that destination, so that the
// pool's limits hold for the whole process.
inline int HomeOf(const ManagerState& manager, const pool::Destination& destination,
                  int worker_count) {
  return static_cast<int>(absl::HashOf(manager.id(), destination) %
                          static_cast<size_t>(worker_count));
}

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_WORKER_HOME_WORKER_H_
