#ifndef SIPCM_CORE_ENGINE_THROTTLING_MESSAGE_THROTTLE_H_
#define SIPCM_CORE_ENGINE_THROTTLING_MESSAGE_THROTTLE_H_

#include <memory>
#include <vector>

#include "core/dispatch/subscription_group.h"
#include "core/engine/connection_table.h"
#include "core/engine/throttling/throttle.h"

namespace sipcm::engine {

// One worker's view of who may not send new requests because the applications do not take what is
// there (semantics.md 8, mechanism 2). The count and the state belong to the manager and are shared
// by all workers; whoever sees a mark passed says so. While it is on, each worker looks whenever
// its applications took something. Thread: the worker's.
class MessageThrottle {
 public:
  class Host {
   public:
    // With a lock held: must not come back.
    virtual void OnManagerThrottling(LocalManager& manager, ThrottleChange change, int count) = 0;
    // Has Watch() called on all other workers.
    virtual void WatchOnOthers(const std::shared_ptr<ManagerState>& manager) = 0;

   protected:
    ~Host() = default;
  };

  // `host` outlives this.
  explicit MessageThrottle(Host* host) : host_(host) {}

  // Whether a new request is to be refused; also to be asked when the marks are others.
  bool Refuses(LocalManager& manager);
  // Looks again at those that are throttled; after requests were taken.
  void Weigh();
  // Another worker saw it throttled.
  void Watch(LocalManager& manager);
  // The manager of that group is about to go.
  void Forget(const std::shared_ptr<dispatch::SubscriptionGroup>& group);

 private:
  void Keep(LocalManager& manager);

  Host* const host_;
  std::vector<LocalManager*> throttled_;  // as far as is known here, each once
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_THROTTLING_MESSAGE_THROTTLE_H_
