#include "server/service/watch_stream.h"

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/slice.h>

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/service/grpc_status.h"

namespace sipcm::server {
namespace {

// The event's bytes without a copy: the slice holds a share of the event.
grpc::Slice SliceOf(const SharedEventPointer& event) {
  auto* const share = new SharedEventPointer(event);
  return grpc::Slice(
      const_cast<char*>(event->bytes.data()), event->bytes.size(),
      [](void* held) { delete static_cast<SharedEventPointer*>(held); }, share);
}

// Lock order: the watcher's, ours.
class WatchStream final : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                          private EventWatcher::Reader {
 public:
  WatchStream(EventHub* hub, const sipcm::v1::WatchRequest& request) {
    absl::StatusOr<std::shared_ptr<EventWatcher>> watcher = hub->Watch(request, this);
    if (!watcher.ok()) {
      finished_ = true;
      Finish(ToGrpcStatus(watcher.status()));
      return;
    }
    watcher_ = *std::move(watcher);
    // The caller hears at once that it watches, also when nothing happens.
    StartSendInitialMetadata();
    watcher_->Want();
  }

 private:
  // EventWatcher::Reader. A call of Finish() here cannot see OnDone() end before it returns: that
  // waits for the watcher's lock.
  void OnEvent(const SharedEventPointer& event) override {
    absl::MutexLock lock(&mutex_);
    if (cancelled_ || finished_) return;
    writing_ = true;
    const grpc::Slice slice = SliceOf(event);
    message_ = grpc::ByteBuffer(&slice, 1);
    StartWrite(&message_);
  }
  void OnEnd(const absl::Status& why) override { FinishOnce(why); }

  void OnWriteDone(bool ok) override {
    {
      absl::MutexLock lock(&mutex_);
      writing_ = false;
      if (!ok) cancelled_ = true;
    }
    if (!FinishIfCancelled()) watcher_->Want();
  }
  void OnCancel() override {
    {
      absl::MutexLock lock(&mutex_);
      cancelled_ = true;
    }
    FinishIfCancelled();
  }
  void OnDone() override {
    if (watcher_ != nullptr) watcher_->Leave();
    delete this;
  }

  bool FinishIfCancelled() {
    {
      absl::MutexLock lock(&mutex_);
      if (!cancelled_) return false;
      // Its end comes when the write's does.
      if (writing_) return true;
    }
    FinishOnce(absl::CancelledError("the caller is gone"));
    return true;
  }
  void FinishOnce(const absl::Status& why) {
    {
      absl::MutexLock lock(&mutex_);
      if (finished_) return;
      finished_ = true;
    }
    Finish(ToGrpcStatus(why));
  }

  std::shared_ptr<EventWatcher> watcher_;  // null: the call was refused
  grpc::ByteBuffer message_;               // under way
  absl::Mutex mutex_;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

// Ends the stream before its first message.
class RefusedStream final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  explicit RefusedStream(const grpc::Status& why) { Finish(why); }
  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerWriteReactor<grpc::ByteBuffer>* StartWatchStream(EventHub* hub,
                                                             const grpc::ByteBuffer& request) {
  sipcm::v1::WatchRequest parsed;
  grpc::ByteBuffer bytes = request;
  const grpc::Status status =
      grpc::SerializationTraits<sipcm::v1::WatchRequest>::Deserialize(&bytes, &parsed);
  if (!status.ok()) return new RefusedStream(status);
  return new WatchStream(hub, parsed);
}

}  // namespace sipcm::server
