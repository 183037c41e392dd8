#ifndef SIPCM_CORE_ENGINE_MANAGER_MANAGER_COUNTERS_H_
#define SIPCM_CORE_ENGINE_MANAGER_MANAGER_COUNTERS_H_

#include "core/base/counter.h"

namespace sipcm::engine {

// What one worker counts for one connection manager. Written by that worker, read by any thread.
struct ManagerCounters {
  Counter handshakes;  // gauge: incoming TLS connections that are not established yet
  Counter pools;       // gauge
  Counter accepted_connections;
  Counter refused_connections;  // a limit, a failed handshake or our verdict
  Counter requests_in;
  Counter automatic_answers;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_MANAGER_MANAGER_COUNTERS_H_
