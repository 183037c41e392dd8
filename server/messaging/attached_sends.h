#ifndef SIPCM_SERVER_MESSAGING_ATTACHED_SENDS_H_
#define SIPCM_SERVER_MESSAGING_ATTACHED_SENDS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "core/engine/message_order.h"
#include "proto/sipcm/v1/attach.pb.h"
#include "server/messaging/attached_event.h"

namespace sipcm::server {

// The most unfinished sends of one Attach stream.
inline constexpr size_t kMaxOpenSendCount = 10000;

// The unfinished sends of one Attach stream, by the application's send_id, which is also the
// engine's cookie. Thread: any.
class AttachedSends {
 public:
  // INVALID_ARGUMENT: not positive. ALREADY_EXISTS (SEND_ID_IN_USE). RESOURCE_EXHAUSTED
  // (SEND_QUEUE_FULL).
  absl::Status Add(int64_t send_id, View view);

  // Calls `tell` with each of the events and how its application reads it, in order; those of
  // unknown sends are passed over. A final one frees its id. `tell` may not come back here.
  void Take(std::vector<engine::SendEvent> events, absl::FunctionRef<void(AttachedEvent&&)> tell);

  // Cookies of those that are to be cancelled and known.
  std::vector<uint64_t> CookiesOf(const v1::ApplicationFrame& frame) const;
  std::vector<uint64_t> AllCookies() const;
  bool empty() const;

 private:
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<int64_t, View> views_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_ATTACHED_SENDS_H_
