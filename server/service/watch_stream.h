#ifndef SIPCM_SERVER_SERVICE_WATCH_STREAM_H_
#define SIPCM_SERVER_SERVICE_WATCH_STREAM_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "server/event/event_hub.h"

namespace sipcm::server {

// Serves one Events.Watch call: each event is written as the bytes that all watchers share, one at
// a time, so that what a slow reader holds in gRPC is one event. `request` is a serialized
// WatchRequest. The reactor destroys itself; `hub` outlives it.
grpc::ServerWriteReactor<grpc::ByteBuffer>* StartWatchStream(EventHub* hub,
                                                             const grpc::ByteBuffer& request);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_SERVICE_WATCH_STREAM_H_
