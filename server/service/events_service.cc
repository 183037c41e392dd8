#include "server/service/events_service.h"

#include "proto/sipcm/v1/events.grpc.pb.h"
#include "server/conversion/status_conversion.h"
#include "server/service/grpc_status.h"
#include "server/service/watch_stream.h"

namespace sipcm::server {
namespace {

// Ends the stream before its first message.
template <typename Message>
class RefusedStream final : public grpc::ServerWriteReactor<Message> {
 public:
  explicit RefusedStream(const absl::Status& why) { this->Finish(ToGrpcStatus(why)); }
  void OnDone() override { delete this; }
};

// Watch writes bytes that were serialized once for all.
using EventsServiceBase = sipcm::v1::Events::WithRawCallbackMethod_Watch<
    sipcm::v1::Events::WithCallbackMethod_TraceMessages<sipcm::v1::Events::Service>>;

class EventsService final : public EventsServiceBase {
 public:
  explicit EventsService(EventHub* hub) : hub_(hub) {}

  grpc::ServerWriteReactor<grpc::ByteBuffer>* Watch(grpc::CallbackServerContext*,
                                                    const grpc::ByteBuffer* request) override {
    return StartWatchStream(hub_, *request);
  }
  grpc::ServerWriteReactor<sipcm::v1::TracedMessage>* TraceMessages(
      grpc::CallbackServerContext*, const sipcm::v1::TraceRequest*) override {
    return new RefusedStream<sipcm::v1::TracedMessage>(
        NotInThisVersion("Events.TraceMessages",
                         "look at what an application gets with Messaging.Subscribe and view RAW"));
  }

 private:
  EventHub* const hub_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeEventsService(EventHub* hub) {
  return std::make_unique<EventsService>(hub);
}

}  // namespace sipcm::server
