#ifndef SIPCM_CORE_ENGINE_WORKER_WORKER_MEANS_H_
#define SIPCM_CORE_ENGINE_WORKER_WORKER_MEANS_H_

#include "core/base/random_source.h"
#include "core/event/event_loop.h"
#include "core/net/dns/resolver.h"
#include "core/net/network.h"

namespace sipcm::engine {

// What a worker works with; all of it outlives the worker.
struct WorkerMeans {
  event::EventLoop* loop = nullptr;
  net::Network* network = nullptr;
  net::Resolver* resolver = nullptr;  // of this loop; the worker keeps its answers
  RandomSource* random = nullptr;     // of this loop's thread
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_WORKER_WORKER_MEANS_H_
