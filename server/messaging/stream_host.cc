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

absl::Status StreamHost::Add(std::shared_ptr<HostedStream> stream) {
  streams_.insert(std::move(stream));
  return ended_;
}

void StreamHost::EndAll(const absl::Status& why) {
  ended_ = why;
  // A copy: a stream that ends may remove itself.
  const std::vector<std::shared_ptr<HostedStream>> streams(streams_.begin(), streams_.end());
  for (const std::shared_ptr<HostedStream>& stream : streams) stream->End(why);
}

}  // namespace sipcm::server
