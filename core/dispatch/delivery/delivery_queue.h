#ifndef SIPCM_CORE_DISPATCH_DELIVERY_DELIVERY_QUEUE_H_
#define SIPCM_CORE_DISPATCH_DELIVERY_DELIVERY_QUEUE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "core/dispatch/automatic_answer.h"
#include "core/dispatch/delivery/local_group.h"
#include "core/dispatch/endpoint_directory.h"
#include "core/dispatch/open_request.h"
#include "core/dispatch/subscription_group.h"
#include "core/event/event_loop.h"
#include "core/event/timeout_queue.h"

namespace sipcm::dispatch {

// Hands a worker's open requests to subscriptions (semantics.md 7, Delivery): one with credit in
// round-robin, those of the endpoint before those of the manager; in a dialog the one that has it,
// while there is such a one; else they wait in a bounded line; a subscription that ends gives back
// what it did not answer. What one turn brings goes to a sink in one call. Thread: the worker's.
//
// While a lost application is waited for, requests that nobody else takes wait in the line as if
// it were there without credit; also those that come meanwhile.
//
// Credit is shared by the workers. One that comes back is handed to the worker whose turn it is
// (SubscriptionGroup::Grant); credit that is free with nobody's name on it is for who comes first.
class DeliveryQueue final : private event::TimeoutQueue::Listener {
 public:
  // Applications that a group waits for at a time; the longest one is given up for another.
  static constexpr size_t kMaxAbsences = 64;
  // What needs no answer and is kept for one of them; more is lost to it.
  static constexpr size_t kMaxKept = 64;

  class Owner {
   public:
    // Nobody will take it: answer and close it, and no other. It is in no list any more. Called
    // from inside Offer(), OnSubscriptionEnded(), OnResumed() and Forget(), and when a lost
    // application was waited for long enough. `allow`: for kMethodNotTaken.
    virtual void OnUndeliverable(OpenRequest& request, Situation situation,
                                 absl::string_view allow) = 0;
    // It had been delivered and goes to another application now: the moment to renew its id.
    virtual void OnRedelivery(OpenRequest& request) = 0;
    // Credit of `group` is free and it is `worker`'s turn (may be this one): have OnCredit()
    // called there, in another turn.
    virtual void WakeWorker(int worker, std::shared_ptr<SubscriptionGroup> group) = 0;

   protected:
    ~Owner() = default;
  };

  // `loop` and `owner` outlive this.
  DeliveryQueue(int worker, event::EventLoop* loop, Owner* owner);
  ~DeliveryQueue();

  // Delivers, lines up, or gives up with OnUndeliverable.
  void Offer(OpenRequest* request);
  // Before it is closed: takes it out of its list and gives its credit to the next.
  void Release(OpenRequest* request, Ending ending);
  // The same at the worker's own end: gives no credit to anybody.
  void Abandon(OpenRequest* request);
  // kCancelled, or kExpired with what the server answers, to whom it was delivered; nothing when it
  // still waits.
  void Tell(const OpenRequest& request, Delivery::Kind kind, int status_code = 0);
  // An ACK, or what became of an answer: delivered without credit, or kept for the return of its
  // application. False: nobody takes it. What did not go to its application counts as lost to it.
  bool DeliverUnanswerable(const Addressee& to, Delivery delivery);

  void OnCredit(const std::shared_ptr<SubscriptionGroup>& group);
  void OnSubscriptionEnded(const std::shared_ptr<SubscriptionState>& subscription);
  // It is in its group's list and has the lineage of one that was lost: nobody is waited for any
  // more, and what its credit allows is with its sink when this returns.
  void OnResumed(const std::shared_ptr<SubscriptionState>& subscription);
  // The group's endpoint or manager is gone: its line is answered with `situation`.
  void Forget(const std::shared_ptr<SubscriptionGroup>& group, Situation situation);

  size_t waiting_count() const { return waiting_count_; }

 private:
  enum class Pick : uint8_t { kPicked, kNoCredit, kNobody };

  enum class Loss : uint8_t { kNone, kLost };

  // event::TimeoutQueue::Listener
  void OnTimeout(event::TimeoutQueue::Entry& entry) override;

  LocalGroup& Local(const std::shared_ptr<SubscriptionGroup>& group);
  LocalGroup* FindLocal(const SubscriptionGroup* group);
  LocalSubscription& Local(const std::shared_ptr<SubscriptionState>& subscription);

  Pick PickSubscription(LocalGroup& local, const OpenRequest& request,
                        std::shared_ptr<SubscriptionState>* picked);
  void FreeOfLostOwner(OpenRequest* request);
  bool TryToDeliver(OpenRequest* request);
  LocalGroup* FindTaker(const OpenRequest& request);
  void OfferAgain(std::vector<OpenRequest*> requests);
  void GiveUp(OpenRequest* request);
  std::string AllowOf(const OpenRequest& request);
  void LineUp(OpenRequest* request, LocalGroup& local);
  void LeaveLine(OpenRequest* request);
  void TakeStranded(LocalGroup& local, std::vector<OpenRequest*>* stranded);
  void GiveToHeir(LocalGroup& local, const Lineage& lineage, std::vector<OpenRequest*>* requests);
  void AwaitReturn(const SubscriptionState& subscription);
  // What was kept for it; nothing when it was not waited for.
  std::vector<Unanswerable> EndAbsence(LocalGroup& local, const Lineage* lineage);
  bool Keep(const Addressee& to, Delivery* delivery);
  void DeliverKept(std::vector<Unanswerable> kept);
  void DeliverKeptBefore(const SubscriptionState& subscription);

  void Settle(OpenRequest* request, Loss loss);
  void HandOver(const std::shared_ptr<SubscriptionState>& subscription);
  bool DeliverOldest(const std::shared_ptr<SubscriptionState>& subscription);
  void GiveBack(const std::shared_ptr<SubscriptionState>& subscription);
  void ServeLine(LocalGroup& local);
  void ServeAndPassOn(const std::shared_ptr<SubscriptionGroup>& group);

  void Deliver(OpenRequest* request, const std::shared_ptr<SubscriptionState>& subscription);
  void TakeBack(OpenRequest* request);
  void Outbox(LocalSubscription& local, Delivery delivery);
  void Flush();

  const int worker_;
  event::EventLoop* const loop_;
  Owner* const owner_;
  absl::flat_hash_map<SubscriptionGroup*, std::unique_ptr<LocalGroup>> groups_;
  absl::flat_hash_map<SubscriptionState*, std::unique_ptr<LocalSubscription>> subscriptions_;
  event::TimeoutQueue absences_;
  std::vector<std::shared_ptr<SubscriptionState>> dirty_;  // have an outbox to flush
  uint64_t last_ticket_ = 0;
  size_t waiting_count_ = 0;
  size_t kept_count_ = 0;  // of all absences
};

}  // namespace sipcm::dispatch

#endif  // SIPCM_CORE_DISPATCH_DELIVERY_DELIVERY_QUEUE_H_
