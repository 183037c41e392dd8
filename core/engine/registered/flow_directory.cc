#include "core/engine/registered/flow_directory.h"

#include <utility>

namespace sipcm::engine {

FlowDirectory::FlowDirectory(const RegisteredFlow::Means& means, Host* host)
    : means_(means), host_(host) {}

FlowDirectory::~FlowDirectory() { *alive_ = false; }

void FlowDirectory::Apply(LocalManager* manager, std::shared_ptr<const dispatch::Endpoint> endpoint,
                          const pool::Destination& destination,
                          std::shared_ptr<EndpointStatusCell> status) {
  // The former endpoint of that name: its connection must not serve this one.
  if (const auto former = ending_.find(endpoint->id); former != ending_.end()) {
    ++manager->flow_count;  // holds it for the new one
    Erase(former->second.get());
    --manager->flow_count;
  }
  std::unique_ptr<RegisteredFlow>& flow = flows_[endpoint->id];
  if (flow != nullptr) return flow->Change(std::move(endpoint));
  flow = std::make_unique<RegisteredFlow>(means_, manager, std::move(endpoint), destination,
                                          std::move(status),
                                          static_cast<RegisteredFlow::Owner*>(this));
  flow->Begin();
}

void FlowDirectory::Remove(const std::string& endpoint_id) {
  const auto found = flows_.find(endpoint_id);
  if (found == flows_.end()) return;
  std::unique_ptr<RegisteredFlow> flow = std::move(found->second);
  flows_.erase(found);
  RegisteredFlow* const ending = flow.get();
  ending_[endpoint_id] = std::move(flow);
  ending->End();
}

void FlowDirectory::ForgetManager(LocalManager* manager) {
  std::vector<RegisteredFlow*> all;
  for (const auto* flows : {&flows_, &ending_}) {
    for (const auto& [id, flow] : *flows) {
      if (flow->manager() == manager) all.push_back(flow.get());
    }
  }
  for (RegisteredFlow* flow : all) Erase(flow);
}

void FlowDirectory::Drain() {
  std::vector<std::string> ids;
  for (const auto& [id, flow] : flows_) ids.push_back(id);
  for (const std::string& id : ids) Remove(id);
}

registration::Authenticator* FlowDirectory::AuthenticatorOf(const std::string& endpoint_id,
                                                            const LocalManager* manager) const {
  const auto found = flows_.find(endpoint_id);
  if (found == flows_.end() || found->second->manager() != manager) return nullptr;
  return &found->second->authenticator();
}

RegisteredFlow* FlowDirectory::FlowOf(const ConnectionSlot& slot) const {
  for (const auto* flows : {&flows_, &ending_}) {
    const auto found = flows->find(slot.endpoint_id());
    if (found != flows->end() && found->second->manager() == slot.manager) {
      return found->second.get();
    }
  }
  return nullptr;
}

void FlowDirectory::OnConnection(ConnectionSlot& slot) {
  if (slot.endpoint_id().empty()) return;
  if (RegisteredFlow* flow = FlowOf(slot); flow != nullptr) flow->OnConnection(slot);
}

void FlowDirectory::OnConnectionClosed(ConnectionSlot& slot, const absl::Status& why) {
  if (slot.endpoint_id().empty()) return;
  if (RegisteredFlow* flow = FlowOf(slot); flow != nullptr) flow->OnConnectionClosed(slot, why);
}

void FlowDirectory::OnFlowEnded(RegisteredFlow& flow) {
  means_.loop->Post([this, alive = alive_, id = flow.endpoint().id, ended = &flow] {
    if (!*alive) return;
    const auto found = ending_.find(id);
    if (found != ending_.end() && found->second.get() == ended) Erase(ended);
  });
}

void FlowDirectory::Erase(RegisteredFlow* flow) {
  LocalManager* const manager = flow->manager();
  const std::string id = flow->endpoint().id;
  const pool::Destination destination = flow->destination();
  auto& flows = ending_.contains(id) && ending_[id].get() == flow ? ending_ : flows_;
  // Holds it: a pool that goes at once would release it.
  ++manager->pool_count;
  flows.erase(id);
  means_.pools->ForgetDedicated(manager, destination, connection::CloseReason::kEndpointDeleted);
  --manager->pool_count;
  host_->OnFlowGone(manager);
}

}  // namespace sipcm::engine
