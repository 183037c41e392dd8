#ifndef SIPCM_TESTS_CORE_DISPATCH_TEST_ENDPOINT_H_
#define SIPCM_TESTS_CORE_DISPATCH_TEST_ENDPOINT_H_

#include <memory>
#include <string>
#include <vector>

#include "core/dispatch/endpoint_directory.h"

namespace sipcm::dispatch {

// What a test says of an endpoint: TestEndpoint{.id = "alice", .address = "sip:alice@b"}.
struct TestEndpoint {
  std::string id;
  EndpointKind kind = EndpointKind::kPeerToPeer;
  std::string address = "";
  std::vector<std::string> aliases = {};
  std::string endpoint_id = "";
  std::vector<std::string> gruus = {};
  std::string instance_id = "";  // of a registered one

  EndpointDirectory::Entry MakeEntry() const {
    auto endpoint = std::make_shared<Endpoint>();
    endpoint->id = id;
    endpoint->kind = kind;
    endpoint->address = address;
    endpoint->aliases = aliases;
    endpoint->endpoint_id = endpoint_id;
    endpoint->gruus = gruus;
    if (kind == EndpointKind::kRegistered) {
      RegistrationSettings settings;
      settings.instance_id = instance_id;
      endpoint->registration = std::make_shared<const RegistrationSettings>(settings);
    }
    return {endpoint, std::make_shared<SubscriptionGroup>()};
  }
};

}  // namespace sipcm::dispatch

#endif  // SIPCM_TESTS_CORE_DISPATCH_TEST_ENDPOINT_H_
