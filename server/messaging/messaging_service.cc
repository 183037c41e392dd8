#include "server/messaging/messaging_service.h"

#include <grpcpp/server_builder.h>

#include <utility>

#include "core/base/check.h"
#include "server/messaging/async_messaging.h"
#include "server/messaging/attach_stream.h"
#include "server/messaging/completion_thread.h"
#include "server/messaging/stream_host.h"
#include "server/messaging/subscribe_stream.h"

namespace sipcm::server {
namespace {

// An application whose machine vanished says no goodbye: its streams, and the requests that they
// hold, end once a ping stays unanswered.
constexpr int kPingAfterSilenceMilliseconds = 20'000;
constexpr int kPingTimeoutMilliseconds = 10'000;

}  // namespace

// Everything that has to do with gRPC, so that its headers stay out of ours.
class MessagingService::Rpc {
 public:
  Rpc(engine::Engine* engine, EndpointLookup lookup)
      : engine_(engine),
        lookup_(std::move(lookup)),
        send_calls_(engine, lookup_),
        service_(engine, &send_calls_) {}

  void Register(grpc::ServerBuilder& builder) {
    builder.RegisterService(&service_);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kPingAfterSilenceMilliseconds);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingTimeoutMilliseconds);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    thread_ = std::make_unique<CompletionThread>(builder.AddCompletionQueue());
    host_ = std::make_unique<StreamHost>(engine_, lookup_, thread_.get());
  }

  void Start() {
    SIPCM_CHECK_MESSAGE(thread_ != nullptr, "Register() comes before Start()");
    AttachStream::Accept(&service_, host_.get());
    SubscribeStream::Accept(&service_, host_.get());
    thread_->Start();
  }

  void EndStreams(const absl::Status& why) {
    send_calls_.EndAll(why);
    if (thread_ != nullptr) thread_->Post([this, why] { host_->EndAll(why); });
  }

  void Stop() {
    if (thread_ == nullptr) return;
    host_->AwaitNone();
    thread_->Stop();
  }

 private:
  engine::Engine* const engine_;
  const EndpointLookup lookup_;
  SendCalls send_calls_;
  AsyncMessaging service_;
  std::unique_ptr<CompletionThread> thread_;
  std::unique_ptr<StreamHost> host_;
};

MessagingService::MessagingService(engine::Engine* engine, EndpointLookup lookup)
    : rpc_(std::make_unique<Rpc>(engine, std::move(lookup))) {}

MessagingService::~MessagingService() = default;

void MessagingService::Register(grpc::ServerBuilder& builder) { rpc_->Register(builder); }
void MessagingService::Start() { rpc_->Start(); }
void MessagingService::EndStreams(const absl::Status& why) { rpc_->EndStreams(why); }
void MessagingService::Stop() { rpc_->Stop(); }

}  // namespace sipcm::server
