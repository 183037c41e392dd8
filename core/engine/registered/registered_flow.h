#ifndef SIPCM_CORE_ENGINE_REGISTERED_REGISTERED_FLOW_H_
#define SIPCM_CORE_ENGINE_REGISTERED_REGISTERED_FLOW_H_

#include <memory>
#include <string>

#include "core/base/random_source.h"
#include "core/dispatch/endpoint.h"
#include "core/engine/connection_table.h"
#include "core/engine/pool_directory.h"
#include "core/engine/registered/endpoint_status.h"
#include "core/engine/registered/flow_recovery.h"
#include "core/engine/sends/outbound.h"
#include "core/engine/worker/worker_events.h"
#include "core/event/event_loop.h"
#include "core/registration/registration.h"

namespace sipcm::engine {

// The one connection of a REGISTERED endpoint to its registrar or proxy, with the registration on
// it (semantics.md 2 and 9). The connection is the only member of a pool of the endpoint's own.
//
// On a CLIENT manager a lost connection is opened again when FlowRecovery says, mostly at once; on
// a server manager with the next send or refresh. Where the registrar told a Flow-Timer, the peer
// is pinged at 80 to 100 % of it, whatever else passes (RFC 5626 4.4). The GRUUs that it learns are
// published in the manager's directory. Thread: the worker's.
class RegisteredFlow final : private registration::Registration::Host {
 public:
  // For the REGISTER that ends the registration of a deleted endpoint.
  static constexpr absl::Duration kUnregisterLimit = absl::Seconds(2);

  struct Means {  // all outlive the flow
    event::EventLoop* loop = nullptr;
    RandomSource* random = nullptr;
    PoolDirectory* pools = nullptr;
    Outbound* outbound = nullptr;
    WorkerEvents* events = nullptr;
  };
  class Owner {
   public:
    // After End(): destroy it, not from inside this call.
    virtual void OnFlowEnded(RegisteredFlow& flow) = 0;

   protected:
    ~Owner() = default;
  };

  RegisteredFlow(const Means& means, LocalManager* manager,
                 std::shared_ptr<const dispatch::Endpoint> endpoint, pool::Destination destination,
                 std::shared_ptr<EndpointStatusCell> status, Owner* owner);
  ~RegisteredFlow();
  RegisteredFlow(const RegisteredFlow&) = delete;
  RegisteredFlow& operator=(const RegisteredFlow&) = delete;

  // Opens its connection and registers.
  void Begin() { Open(); }
  // The same endpoint with other settings, and the same destination.
  void Change(std::shared_ptr<const dispatch::Endpoint> endpoint);
  // Unregisters; then OnFlowEnded(), after kUnregisterLimit at the latest.
  void End();
  // Its pool has a new connection, or lost it.
  void OnConnection(ConnectionSlot& slot);
  void OnConnectionClosed(ConnectionSlot& slot, const absl::Status& why);

  const dispatch::Endpoint& endpoint() const { return *endpoint_; }
  const pool::Destination& destination() const { return destination_; }
  LocalManager* manager() const { return manager_; }
  // For the endpoint's other requests.
  registration::Authenticator& authenticator() { return registration_.authenticator(); }

 private:
  class RegisterSink;

  // registration::Registration::Host
  void SendRegister(registration::Registration::Request request) override;
  void OnStatusChanged(const registration::RegistrationStatus& status) override;
  void OnEnded() override;

  void Open();
  void OnOpenFailed(const absl::Status& why);
  void OnUp();
  bool must_be_open() const;
  FlowRecovery::Rule recovery_rule() const {
    return registration_.uses_outbound() ? FlowRecovery::Rule::kOutbound
                                         : FlowRecovery::Rule::kQuick;
  }
  void OpenAfter(absl::Duration delay);
  void OnKeepAliveDue();
  void ArmKeepAlive(const registration::RegistrationStatus& status);
  void PublishGruus(const registration::RegistrationStatus& status);
  void Publish(const registration::RegistrationStatus& status);

  const Means means_;
  LocalManager* const manager_;
  std::shared_ptr<const dispatch::Endpoint> endpoint_;
  const pool::Destination destination_;
  const std::shared_ptr<EndpointStatusCell> status_;
  EndpointStatus told_;  // to those who watch
  Owner* const owner_;
  const std::shared_ptr<RegisterSink> sink_;
  FlowRecovery recovery_;
  registration::Registration registration_;
  ConnectionSlot* slot_ = nullptr;
  std::unique_ptr<pool::ConnectionPool::Waiter> waiter_;
  std::unique_ptr<event::Alarm> reconnect_alarm_;
  std::unique_ptr<event::Alarm> up_alarm_;  // tells of a new connection in a turn of its own
  std::unique_ptr<event::Alarm> keep_alive_alarm_;
  std::unique_ptr<event::Alarm> end_alarm_;
  bool ending_ = false;
  bool ended_ = false;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_REGISTERED_REGISTERED_FLOW_H_
