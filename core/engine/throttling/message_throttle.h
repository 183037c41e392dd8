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
// by all workers; whoever sees a mark passed says so. Thread: the worker's.
class MessageThrottle {
 public:
  class Host {
   public:
    virtual void OnManagerThrottling(LocalManager& manager, ThrottleChange change, int count) = 0;

   protected:
    ~Host() = default;
  };

  // `host` outlives this.
  explicit MessageThrottle(Host* host) : host_(host) {}

  // Whether a new request is to be refused.
  bool Refuses(LocalManager& manager);
  // Looks again at those that this worker saw throttled; after requests were taken.
  void Weigh();
  // The manager of that group is about to go.
  void Forget(const std::shared_ptr<dispatch::SubscriptionGroup>& group);

 private:
  Host* const host_;
  std::vector<LocalManager*> throttled_;  // that began here, and has not ended yet
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_THROTTLING_MESSAGE_THROTTLE_H_
