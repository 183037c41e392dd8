#include "core/engine/production_engine.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/status_macros.h"
#include "core/net/dns/cares_resolver.h"
#include "core/net/tcp_network.h"

namespace sipcm::engine {

absl::StatusOr<std::unique_ptr<ProductionEngine>> ProductionEngine::Start(
    int worker_count, EventSink* events, const std::string& dns_servers) {
  SIPCM_CHECK(1 <= worker_count && worker_count <= dispatch::RequestId::kMaxWorkers);
  auto production = std::unique_ptr<ProductionEngine>(new ProductionEngine);
  production->network_ = std::make_unique<net::TcpNetwork>();
  ShardedEngine::Options options;
  options.events = events;
  for (int i = 0; i < worker_count; ++i) {
    SIPCM_ASSIGN_OR_RETURN(std::unique_ptr<event::WorkerThread> thread,
                           event::WorkerThread::Create(absl::StrCat("worker-", i)));
    SIPCM_ASSIGN_OR_RETURN(std::unique_ptr<net::Resolver> resolver,
                           net::CaresResolver::Create(thread->loop(), {.servers = dns_servers}));
    WorkerMeans means;
    means.loop = thread->loop();
    means.network = production->network_.get();
    means.resolver = resolver.get();
    production->randoms_.push_back(std::make_unique<SystemRandomSource>());
    means.random = production->randoms_.back().get();
    options.workers.push_back(means);
    production->threads_.push_back(std::move(thread));
    production->resolvers_.push_back(std::move(resolver));
  }
  production->randoms_.push_back(std::make_unique<SystemRandomSource>());
  options.random = production->randoms_.back().get();
  production->engine_ = std::make_unique<ShardedEngine>(options);
  // Only now: what is above was put on the loops from this thread.
  for (auto& thread : production->threads_) SIPCM_RETURN_IF_ERROR(thread->Run());
  return production;
}

ProductionEngine::~ProductionEngine() {
  for (auto& thread : threads_) thread->StopAndJoin();
  engine_.reset();
  resolvers_.clear();
}

}  // namespace sipcm::engine
