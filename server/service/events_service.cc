#include "server/service/events_service.h"

#include "proto/sipcm/v1/events.grpc.pb.h"
#include "server/conversion/status_conversion.h"
#include "server/service/grpc_status.h"

namespace sipcm::server {
namespace {

// Ends the stream before its first message.
template <typename Message>
class RefusedStream final : public grpc::ServerWriteReactor<Message> {
 public:
  explicit RefusedStream(const absl::Status& why) { this->Finish(ToGrpcStatus(why)); }
  void OnDone() override { delete this; }
};

class EventsService final : public sipcm::v1::Events::CallbackService {
 public:
  grpc::ServerWriteReactor<sipcm::v1::Event>* Watch(grpc::CallbackServerContext*,
                                                    const sipcm::v1::WatchRequest*) override {
    return new RefusedStream<sipcm::v1::Event>(NotInThisVersion(
        "Events.Watch", "the work on watching events; until then list, or read the log"));
  }
  grpc::ServerWriteReactor<sipcm::v1::TracedMessage>* TraceMessages(
      grpc::CallbackServerContext*, const sipcm::v1::TraceRequest*) override {
    return new RefusedStream<sipcm::v1::TracedMessage>(
        NotInThisVersion("Events.TraceMessages", "the work on tracing messages"));
  }
};

}  // namespace

std::unique_ptr<grpc::Service> MakeEventsService() { return std::make_unique<EventsService>(); }

}  // namespace sipcm::server
