#ifndef SIPCM_CORE_ENGINE_PRODUCTION_ENGINE_H_
#define SIPCM_CORE_ENGINE_PRODUCTION_ENGINE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/random_source.h"
#include "core/engine/engine.h"
#include "core/engine/sharded_engine.h"
#include "core/event/worker_thread.h"
#include "core/net/dns/resolver.h"
#include "core/net/network.h"

namespace sipcm::engine {

// A ShardedEngine with real parts: threads with libevent loops, sockets, c-ares, the system's
// randomness. Thread: whoever owns it; engine() from any.
class ProductionEngine {
 public:
  // `worker_count` 1..64. `events` outlives it. `dns_servers` as net::CaresResolverOptions; empty:
  // the system's. RESOURCE_EXHAUSTED when the system gives no thread or descriptor.
  static absl::StatusOr<std::unique_ptr<ProductionEngine>> Start(int worker_count,
                                                                 EventSink* events,
                                                                 const std::string& dns_servers);
  // Stops the threads. End subscriptions first; call engine()->Shutdown() before for an orderly
  // end.
  ~ProductionEngine();

  Engine* engine() { return engine_.get(); }

 private:
  ProductionEngine() = default;

  std::vector<std::unique_ptr<event::WorkerThread>> threads_;
  std::unique_ptr<net::Network> network_;
  std::vector<std::unique_ptr<net::Resolver>> resolvers_;
  std::vector<std::unique_ptr<RandomSource>> randoms_;
  std::unique_ptr<ShardedEngine> engine_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_PRODUCTION_ENGINE_H_
