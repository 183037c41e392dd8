#include "server/messaging/stream_host.h"

#include <utility>
#include <vector>

namespace sipcm::server {

StreamHost::StreamHost(engine::Engine* engine, EndpointLookup lookup, CompletionThread* thread)
    : environment_{.engine = engine,
                   .lookup = std::move(lookup),
                   .post = [thread](
                               absl::AnyInvocable<void()> task) { thread->Post(std::move(task)); }},
      thread_(thread) {}

void StreamHost::AddWaiting(std::shared_ptr<HostedStream> stream) {
  streams_.insert(std::move(stream));
  absl::MutexLock lock(&mutex_);
  ++stream_count_;
}

absl::Status StreamHost::OnArrived() { return ended_; }

void StreamHost::Remove(const std::shared_ptr<HostedStream>& stream) {
  if (streams_.erase(stream) == 0) return;
  absl::MutexLock lock(&mutex_);
  --stream_count_;
}

void StreamHost::EndAll(const absl::Status& why) {
  ended_ = why;
  // A copy: a stream that ends may remove itself.
  const std::vector<std::shared_ptr<HostedStream>> streams(streams_.begin(), streams_.end());
  for (const std::shared_ptr<HostedStream>& stream : streams) stream->End(why);
}

void StreamHost::AwaitNone() {
  absl::MutexLock lock(&mutex_);
  const auto none = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stream_count_ == 0; };
  mutex_.Await(absl::Condition(&none));
}

}  // namespace sipcm::server
