#ifndef SIPCM_CORE_ENGINE_REGISTERED_FLOW_DIRECTORY_H_
#define SIPCM_CORE_ENGINE_REGISTERED_FLOW_DIRECTORY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/engine/registered/registered_flow.h"

namespace sipcm::engine {

// The flows of those REGISTERED endpoints whose home is this worker. Thread: the worker's.
class FlowDirectory final : private RegisteredFlow::Owner {
 public:
  class Host {
   public:
    // One that ended is gone.
    virtual void OnFlowGone(LocalManager* manager) = 0;

   protected:
    ~Host() = default;
  };

  // All outlive this.
  FlowDirectory(const RegisteredFlow::Means& means, Host* host);
  ~FlowDirectory();

  // Begins the endpoint's flow, or changes it: another destination is another flow.
  void Apply(LocalManager* manager, std::shared_ptr<const dispatch::Endpoint> endpoint,
             const pool::Destination& destination, std::shared_ptr<EndpointStatusCell> status);
  // Unregisters and then closes (kEndpointDeleted).
  void Remove(const std::string& endpoint_id);
  // All of that manager, at once.
  void ForgetManager(LocalManager* manager);
  // All unregister; none is opened any more.
  void Drain();

  // Who answers challenges to that endpoint's requests; null: its home is not here.
  registration::Authenticator* AuthenticatorOf(const std::string& endpoint_id,
                                               const LocalManager* manager) const;

  void OnConnection(ConnectionSlot& slot);
  void OnConnectionClosed(ConnectionSlot& slot, const absl::Status& why);

 private:
  // RegisteredFlow::Owner
  void OnFlowEnded(RegisteredFlow& flow) override;

  RegisteredFlow* FlowOf(const ConnectionSlot& slot) const;
  void Erase(RegisteredFlow* flow);

  const RegisteredFlow::Means means_;
  Host* const host_;
  absl::flat_hash_map<std::string, std::unique_ptr<RegisteredFlow>> flows_;   // by endpoint
  absl::flat_hash_map<std::string, std::unique_ptr<RegisteredFlow>> ending_;  // by endpoint
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_REGISTERED_FLOW_DIRECTORY_H_
