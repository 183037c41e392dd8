#ifndef SIPCM_CORE_DISPATCH_OPEN_REQUEST_H_
#define SIPCM_CORE_DISPATCH_OPEN_REQUEST_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/intrusive_list.h"
#include "core/base/random_source.h"
#include "core/dialog/dialog_id.h"
#include "core/dispatch/delivery.h"
#include "core/dispatch/request_id.h"
#include "core/dispatch/subscription_group.h"
#include "core/event/timeout_queue.h"

namespace sipcm::transaction {
struct ServerTransaction;
}

namespace sipcm::dispatch {

struct AssignmentTag;
struct LocalGroup;
struct LocalSubscription;

// How a request stopped being open; kept for a while so that a late answer hears the truth.
// kRedelivered: it is open still, by another id.
enum class Ending : uint8_t { kAnswered, kExpired, kCancelled, kUndeliverable, kRedelivered };

// A request that came and has no final answer yet. Lives on the worker of its connection; its
// timeout is the answer deadline.
struct OpenRequest final : event::TimeoutQueue::Entry, ListHook<AssignmentTag> {
  RequestId id;
  std::shared_ptr<const RequestRecord> record;
  std::shared_ptr<const Endpoint> endpoint;
  std::shared_ptr<SubscriptionGroup> endpoint_group;
  std::shared_ptr<SubscriptionGroup> manager_group;
  DispatchReason reason = DispatchReason::kRequestUri;
  // The dialog that it is in, or that its answers make; none: neither.
  dialog::DialogId dialog;
  bool in_dialog = false;
  // The lineage_id of the only subscription that may have it, that of its dialog; 0: any may.
  uint64_t owner = 0;
  int attempt = 0;                                              // deliveries so far
  AttemptReason attempt_reason = AttemptReason::kFirstAttempt;  // of the first one
  absl::Time expire_time;
  std::string to_tag;  // of all its answers; made with the first
  bool is_cancelled = false;
  transaction::ServerTransaction* transaction = nullptr;  // its own, while it is open
  // The connection counts it among its live transactions until it ends.
  bool is_counted = false;

  // The delivery queue's: at most one of both is set.
  LocalGroup* line = nullptr;             // waits for credit
  LocalSubscription* assigned = nullptr;  // handed to a subscription
  uint64_t ticket = 0;                    // in order of arrival; keeps its place when redelivered
  DeliveryCounters* counters = nullptr;   // of its endpoint
  // Whose subscription had it last and ended without an answer, until it is delivered again.
  std::shared_ptr<Lineage> left_by;
  // That one's, also when it is delivered again: an answer may be on its way. Only compared.
  const void* left_sender = nullptr;
};

// FAILED_PRECONDITION (REQUEST_NOT_YOURS): another application has it.
absl::Status NotYours(RequestId id);

// The open requests of one worker, found by id without a map. Thread: the worker's.
class OpenRequestTable {
 public:
  // `random` outlives this.
  OpenRequestTable(int worker, RandomSource* random);
  ~OpenRequestTable();

  // Null when RequestId::kMaxSlots are open.
  OpenRequest* Open();
  // Null when it is not open (any more).
  OpenRequest* Find(RequestId id);
  // Gives it another id before it goes to another application, so that the one that lost it cannot
  // answer for that one (reliability.md 30): the old id is REQUEST_NOT_YOURS from now on.
  void Renew(OpenRequest* request);
  // Ends and destroys it; it must be out of every list and disarmed.
  void Close(OpenRequest* request, Ending ending);
  // Why Find() gave null: FAILED_PRECONDITION (REQUEST_ALREADY_ANSWERED, REQUEST_EXPIRED,
  // REQUEST_CANCELLED, REQUEST_NOT_YOURS) for at least the last 4,096 that ended, else NOT_FOUND
  // (REQUEST_NOT_FOUND).
  absl::Status WhyNotOpen(RequestId id) const;

  size_t size() const { return size_; }
  template <typename Function>
  void ForEach(Function function) {
    for (Slot& slot : slots_) {
      if (slot.request != nullptr) function(*slot.request);
    }
  }

 private:
  // Slots are reused first in, first out, and only when this many are free: so each remembers the
  // request that it had last until as many others have ended.
  static constexpr size_t kRemembered = 4096;
  struct Slot {
    std::unique_ptr<OpenRequest> request;
    RequestId last_id;
    Ending last_ending = Ending::kAnswered;
  };

  RequestId NewId(uint32_t index, RequestId last);

  const int worker_;
  RandomSource* const random_;
  std::vector<Slot> slots_;
  std::deque<uint32_t> free_;
  size_t size_ = 0;
};

}  // namespace sipcm::dispatch

#endif  // SIPCM_CORE_DISPATCH_OPEN_REQUEST_H_
