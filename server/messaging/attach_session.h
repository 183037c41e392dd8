#ifndef SIPCM_SERVER_MESSAGING_ATTACH_SESSION_H_
#define SIPCM_SERVER_MESSAGING_ATTACH_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "core/engine/engine.h"
#include "proto/sipcm/v1/attach.pb.h"
#include "server/messaging/attach_outbox.h"
#include "server/messaging/attached_sends.h"
#include "server/messaging/conversion/endpoint_lookup.h"
#include "server/messaging/subscription_request.h"

namespace sipcm::server {

// Limits of one Attach stream.
inline constexpr size_t kMaxSubscriptionCount = 10000;
inline constexpr size_t kMaxWaitingNoticeCount = 4096;     // beyond, no reading
inline constexpr size_t kMaxWaitingEventBytes = 16 << 20;  // beyond, the reader is too slow

// What carries an AttachSession's frames: a gRPC stream, or a test.
class FrameWriter {
 public:
  virtual ~FrameWriter() = default;
  // Something waits and no frame is being written: write frames until Take() says false. Any
  // thread, never two at a time.
  virtual void WriteFrames() = 0;
  // After half-close: all is settled. On the session's thread.
  virtual void OnSettled() = 0;
  // The application does not read, and more waits than may. On the session's thread.
  virtual void OnReaderTooSlow() = 0;
  // MayRead() said no and would say yes now. On the session's thread.
  virtual void OnMayReadAgain() = 0;
};

// One application's Attach, without its transport: frames in, engine calls out; what the engine
// tells in, frames out.
//
// Thread: "the session's" is the one that `post` runs tasks on; the engine's calls come from its
// workers. Held by shared_ptr: the engine keeps it as a sink for as long as it has something to
// tell; after Close() that is passed over.
class AttachSession final : public engine::ResponseSink,
                            public engine::SendSink,
                            public std::enable_shared_from_this<AttachSession> {
 public:
  struct Environment {
    engine::Engine* engine = nullptr;
    EndpointLookup lookup;
    // Runs a task on the session's thread, later.
    std::function<void(absl::AnyInvocable<void()>)> post;
  };

  // `environment` outlives the session's use by its thread. `writer` stays until Close() and the
  // end of its last WriteFrames().
  AttachSession(const Environment* environment, std::weak_ptr<FrameWriter> writer);
  ~AttachSession() override;

  // --- The session's thread ---
  // Moves the bytes out of `*frame`. Not OK: the stream has to end with that status.
  absl::Status OnFrame(v1::ApplicationFrame* frame);
  // The application closed its side, or the stream is broken: gRPC tells these apart by what
  // becomes of the next write only. Subscriptions are told their end; once that is written they are
  // left, and OnSettled() follows. Otherwise Close() loses them, and they may be resumed.
  void OnNothingMoreToRead();
  // Take() said no, and all that it gave before was written.
  void OnAllWritten();
  // Every subscription ends with `why`, told in the last frame.
  void EndSubscriptions(const absl::Status& why);
  // The stream is gone: subscriptions end, sends are cancelled, nothing is written any more.
  void Close();
  // False: results pile up unread; go on reading when frames were written.
  bool MayRead() {
    absl::MutexLock lock(&mutex_);
    reading_paused_ = outbox_.notice_count() + unfinished_results_ > kMaxWaitingNoticeCount;
    return !reading_paused_;
  }

  // --- Whoever writes ---
  // Moves the next frame into the cleared `*frame`; false when nothing waits, and then
  // WriteFrames() will be called again once something does.
  bool Take(OutgoingFrame* frame);
  // Whether nothing waits and nothing is being written.
  bool IsIdle() {
    absl::MutexLock lock(&mutex_);
    return !writing_ && outbox_.empty();
  }
  // From now on nothing is written any more, provided that it is idle; else false.
  bool StopWritingIfIdle();

  // --- Workers ---
  void OnResponseResults(std::vector<engine::ResponseResult> results) override;
  void OnSendEvents(std::vector<engine::SendEvent> events) override;

 private:
  class Sink;
  struct Subscribed {
    std::shared_ptr<Sink> sink;
    std::unique_ptr<engine::Subscription> subscription;
    int credit = 0;
  };

  absl::Status HandleOpen(const v1::Open& open);
  absl::Status HandleGrants(const v1::ApplicationFrame& frame);
  absl::Status CheckNewSubscription(int32_t subscription_id);
  void Subscribe(const v1::AttachedSubscription& attached);
  void Unsubscribe(int32_t subscription_id);
  void Respond(v1::ApplicationFrame* frame);
  void Send(v1::ApplicationFrame* frame);
  void CancelSends(std::vector<uint64_t> cookies);
  void DropSubscription(int32_t subscription_id, const Sink* sink);
  Subscribed* FindSubscription(int32_t subscription_id);
  void ChangeCredit(int change) {
    absl::MutexLock lock(&mutex_);
    credit_ += change;
  }

  void AddEnded(int32_t subscription_id, const absl::Status& why);
  void AddEvents(std::vector<AttachedEvent> events);
  void AddResults(std::vector<v1::RespondResult> results);
  // Unlocks, then has the writer started when something waits and nothing is being written.
  void UnlockAndWrite() ABSL_UNLOCK_FUNCTION(mutex_);
  // Has the writer call `call` on the session's thread, unless it is gone by then.
  void PostToWriter(void (FrameWriter::*call)());
  void PostIfSettled() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CheckBacklog() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Environment* const environment_;
  engine::Engine* const engine_;
  const std::weak_ptr<FrameWriter> writer_;
  FrameWriter* const raw_writer_;  // valid while writing_ (see Close())

  AttachedSends sends_;

  // The session's thread only.
  bool opened_ = false;
  bool leaving_ = false;  // once all is written
  absl::flat_hash_map<int32_t, Subscribed> subscriptions_;

  absl::Mutex mutex_;
  AttachOutbox outbox_ ABSL_GUARDED_BY(mutex_);
  v1::Open::RespondResults respond_results_ ABSL_GUARDED_BY(mutex_) = v1::Open::FAILURES;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool half_closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool too_slow_ ABSL_GUARDED_BY(mutex_) = false;
  bool reading_paused_ ABSL_GUARDED_BY(mutex_) = false;
  size_t credit_ ABSL_GUARDED_BY(mutex_) = 0;              // of all subscriptions
  size_t unfinished_results_ ABSL_GUARDED_BY(mutex_) = 0;  // answers that the engine has
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_ATTACH_SESSION_H_
