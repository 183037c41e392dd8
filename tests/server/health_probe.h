#ifndef SIPCM_TESTS_SERVER_HEALTH_PROBE_H_
#define SIPCM_TESTS_SERVER_HEALTH_PROBE_H_

#include <memory>
#include <string>

namespace grpc {
class Channel;
}

namespace sipcm::server {

// What grpc.health.v1.Health/Check says: "SERVING", "NOT_SERVING", or the name of the error.
// (The .proto files of health and reflection are not installed; their messages are tiny.)
std::string ProbeHealth(const std::shared_ptr<grpc::Channel>& channel, const std::string& service);

// The answer of server reflection to "list services", as it comes: names and framing bytes.
std::string ListServices(const std::shared_ptr<grpc::Channel>& channel);

}  // namespace sipcm::server

#endif  // SIPCM_TESTS_SERVER_HEALTH_PROBE_H_
