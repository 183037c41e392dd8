#ifndef SIPCM_CORE_POOL_POOL_REQUEST_H_
#define SIPCM_CORE_POOL_POOL_REQUEST_H_

#include <list>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "core/base/instant.h"
#include "core/connection/connection.h"

namespace sipcm::pool {

// Held by who waits for a connection; destroying it gives up without a call.
class PoolWaiter {
 public:
  virtual ~PoolWaiter() = default;
};

class PoolRequest;
using PoolRequestList = std::list<PoolRequest*>;

// One request that waits, and where: it is in exactly one list until it is answered. Owned by who
// waits, kept track of by its pool. Thread: the pool's.
class PoolRequest final : public PoolWaiter {
 public:
  using Callback = absl::AnyInvocable<void(absl::StatusOr<connection::Connection*>)>;
  class Owner {
   public:
    // It is about to be destroyed before its answer; take it out of its list.
    virtual void OnRequestDropped(PoolRequest& request) = 0;

   protected:
    ~Owner() = default;
  };

  // Waits since `now`.
  PoolRequest(Owner* owner, Callback done, Instant now)
      : since(now), owner_(owner), done_(std::move(done)) {}
  ~PoolRequest() override {
    if (list_ != nullptr) owner_->OnRequestDropped(*this);
  }

  // Moves it from its list, if any, to the end of that one.
  void Enlist(PoolRequestList* list) {
    if (list_ == nullptr) {
      position_ = list->insert(list->end(), this);
    } else {
      list->splice(list->end(), *list_, position_);
    }
    list_ = list;
  }
  // Takes it out of its list, for good: nobody is told when it is destroyed.
  void Delist() {
    list_->erase(position_);
    list_ = nullptr;
  }
  bool is_in(const PoolRequestList& list) const { return list_ == &list; }
  Callback TakeCallback() { return std::move(done_); }

  const Instant since;
  Instant deadline = Instant::Infinite();  // of who waits for what it did not open
  bool is_waiting = false;                 // counts as such
  absl::StatusOr<connection::Connection*> answer = nullptr;  // while it is among the ready ones

 private:
  Owner* const owner_;
  Callback done_;
  PoolRequestList* list_ = nullptr;
  PoolRequestList::iterator position_;
};

}  // namespace sipcm::pool

#endif  // SIPCM_CORE_POOL_POOL_REQUEST_H_
