#ifndef SIPCM_CLIENTS_CPP_CHANNEL_H_
#define SIPCM_CLIENTS_CPP_CHANNEL_H_

#include <grpcpp/channel.h>

#include <memory>

namespace sipcm::client {

// What a Client and its Applications share; for .cc files only: it brings gRPC's headers with it.
struct Channel {
  std::shared_ptr<grpc::Channel> channel;
};

}  // namespace sipcm::client

#endif  // SIPCM_CLIENTS_CPP_CHANNEL_H_
