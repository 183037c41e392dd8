#include "core/engine/registered/registered_flow.h"

#include <utility>
#include <vector>

#include "core/engine/sends/request_composer.h"
#include "core/sip/uri.h"
#include "core/tls/message_digest.h"

namespace sipcm::engine {
namespace {

using registration::Registration;

std::string Hash(sip::DigestAlgorithm algorithm, absl::string_view text) {
  return algorithm == sip::DigestAlgorithm::kMd5 ? tls::Md5Hex(text) : tls::Sha256Hex(text);
}

bool IsClient(LocalManager& manager) {
  return manager.runtime.Get()->config.kind == ManagerKind::kClient;
}

}  // namespace

// Outbound may hold it longer than the flow lives.
class RegisteredFlow::RegisterSink final : public SendSink {
 public:
  explicit RegisterSink(RegisteredFlow* flow) : flow_(flow) {}
  void Detach() { flow_ = nullptr; }

  void OnSendEvents(std::vector<SendEvent> events) override {
    for (const SendEvent& event : events) {
      if (flow_ == nullptr || !event.is_final) continue;
      if (event.kind == SendEvent::Kind::kResponse) {
        flow_->registration_.OnResponse(*event.view);
      } else if (event.kind == SendEvent::Kind::kFailure) {
        flow_->registration_.OnNoResponse(static_cast<uint32_t>(event.cookie), event.failure);
      }
    }
  }

 private:
  RegisteredFlow* flow_;
};

RegisteredFlow::RegisteredFlow(const Means& means, LocalManager* manager,
                               std::shared_ptr<const dispatch::Endpoint> endpoint,
                               pool::Destination destination,
                               std::shared_ptr<EndpointStatusCell> status, Owner* owner)
    : means_(means),
      manager_(manager),
      endpoint_(std::move(endpoint)),
      destination_(std::move(destination)),
      status_(std::move(status)),
      owner_(owner),
      sink_(std::make_shared<RegisterSink>(this)),
      recovery_(means.random),
      registration_({endpoint_->address, std::string(sip::ParseUri(endpoint_->address).user)},
                    endpoint_->registration,
                    IsClient(*manager) ? Registration::FlowLoss::kEndsRegistration
                                       : Registration::FlowLoss::kKeepsRegistration,
                    {means.loop, means.random, Hash}, static_cast<Registration::Host*>(this)),
      reconnect_alarm_(means.loop->NewAlarm([this] { Open(); })),
      up_alarm_(means.loop->NewAlarm([this] { OnUp(); })),
      keep_alive_alarm_(means.loop->NewAlarm([this] { OnKeepAliveDue(); })),
      end_alarm_(means.loop->NewAlarm([this] { OnEnded(); })) {
  ++manager_->flow_count;
}

RegisteredFlow::~RegisteredFlow() {
  sink_->Detach();
  --manager_->flow_count;
}

// --- The connection ------------------------------------------------------------------------------

bool RegisteredFlow::must_be_open() const {
  if (ending_ || ended_) return false;
  // Elsewhere the next REGISTER or send opens it; until it is registered, that is we.
  return IsClient(*manager_) || !registration_.status().is_registered();
}

void RegisteredFlow::Open() {
  if (slot_ != nullptr || waiter_ != nullptr || !must_be_open()) return;
  pool::ConnectionPool& pool = means_.pools->PoolFor(manager_, destination_);
  pool::ConnectionPool::Acquired acquired =
      pool.Acquire([this](absl::StatusOr<connection::Connection*> connection) {
        waiter_ = nullptr;
        if (!connection.ok()) OnOpenFailed(connection.status());
      });
  waiter_ = std::move(acquired.waiter);
  if (!acquired.refused.ok()) OnOpenFailed(acquired.refused);
}

void RegisteredFlow::OnOpenFailed(const absl::Status& why) {
  registration_.OnFlowLost(why);
  if (must_be_open()) OpenAfter(recovery_.OnFailedToOpen(recovery_rule()));
}

void RegisteredFlow::OpenAfter(absl::Duration delay) {
  reconnect_alarm_->Set(means_.loop->Now() + delay);
}

void RegisteredFlow::OnConnection(ConnectionSlot& slot) {
  slot_ = &slot;
  const Instant now = means_.loop->Now();
  recovery_.OnOpened(now);
  reconnect_alarm_->Cancel();
  // It is used also when nobody speaks: CRLF pings tell whether it lives.
  if (IsClient(*manager_)) slot.connection->SetIdleTimeout(absl::InfiniteDuration());
  // Not from inside the pool that adopts it.
  up_alarm_->Set(now);
}

void RegisteredFlow::OnUp() {
  if (slot_ == nullptr || ended_) return;
  const bool is_tls = slot_->connection->transport() == connection::Transport::kTls;
  Publish(registration_.status());
  registration_.OnFlowUp({SentBy(*slot_), is_tls ? "tls" : "tcp"});
}

void RegisteredFlow::OnConnectionClosed(ConnectionSlot& slot, const absl::Status& why) {
  if (slot_ != &slot) return;
  slot_ = nullptr;
  up_alarm_->Cancel();
  keep_alive_alarm_->Cancel();
  Publish(registration_.status());
  registration_.OnFlowLost(why);
  if (must_be_open()) OpenAfter(recovery_.OnLost(means_.loop->Now(), recovery_rule()));
}

// At random, so that the pings of many clients that came back together do not stay together.
void RegisteredFlow::ArmKeepAlive(const registration::RegistrationStatus& status) {
  if (slot_ == nullptr || status.flow_timer <= absl::ZeroDuration()) {
    return keep_alive_alarm_->Cancel();
  }
  const double part = 0.8 + 0.2 * means_.random->NextFraction();
  keep_alive_alarm_->Set(means_.loop->Now() + status.flow_timer * part);
}

void RegisteredFlow::OnKeepAliveDue() {
  if (slot_ == nullptr) return;
  slot_->connection->Ping();
  ArmKeepAlive(registration_.status());
}

// --- The registration ----------------------------------------------------------------------------

void RegisteredFlow::Change(std::shared_ptr<const dispatch::Endpoint> endpoint) {
  const std::shared_ptr<const dispatch::RegistrationSettings> old = endpoint_->registration;
  endpoint_ = std::move(endpoint);
  if (endpoint_->registration == old || *endpoint_->registration == *old) return;
  registration_.Change(endpoint_->registration);
  Open();
}

void RegisteredFlow::End() {
  if (ending_) return;
  ending_ = true;
  reconnect_alarm_->Cancel();
  waiter_ = nullptr;
  end_alarm_->Set(means_.loop->Now() + kUnregisterLimit);
  registration_.End();
}

void RegisteredFlow::OnEnded() {
  if (ended_) return;
  ended_ = true;
  end_alarm_->Cancel();
  owner_->OnFlowEnded(*this);
}

void RegisteredFlow::SendRegister(Registration::Request request) {
  PlannedSend planned;
  planned.order.endpoint_id = endpoint_->id;
  planned.order.method = "REGISTER";
  planned.order.request_uri = std::move(request.request_uri);
  planned.order.message.headers = std::move(request.headers);
  planned.order.destination = destination_;
  planned.order.cookie = request.cseq;
  planned.endpoint = endpoint_;
  planned.manager = manager_;
  planned.sink = sink_;
  means_.outbound->Send(std::move(planned));
}

void RegisteredFlow::OnStatusChanged(const registration::RegistrationStatus& status) {
  if (status.state == registration::RegistrationState::kRegistered && slot_ != nullptr) {
    recovery_.OnRegistered();
    ArmKeepAlive(status);
  }
  PublishGruus(status);
  Publish(status);
}

void RegisteredFlow::PublishGruus(const registration::RegistrationStatus& status) {
  const registration::RegistrationStatus& told = told_.registration;
  if (ending_ ||
      (status.public_gruu == told.public_gruu && status.temporary_gruus == told.temporary_gruus)) {
    return;
  }
  std::vector<std::string> gruus = status.temporary_gruus;
  if (!status.public_gruu.empty()) gruus.insert(gruus.begin(), status.public_gruu);
  manager_->state->SetGruus(endpoint_->id, std::move(gruus));
}

void RegisteredFlow::Publish(const registration::RegistrationStatus& status) {
  auto published = std::make_shared<EndpointStatus>();
  published->registration = status;
  if (slot_ != nullptr) published->connection = slot_->connection->id();
  // A refresh that changes nothing but times is no event.
  const bool is_news = published->registration.state != told_.registration.state ||
                       published->registration.reason != told_.registration.reason ||
                       published->connection != told_.connection;
  told_ = *published;
  status_->Publish(published);
  // Of a deleted one nothing more is told: its name may be another's by now.
  if (is_news && !ending_) means_.events->TellEndpoint(*manager_->state, endpoint_->id, published);
}

}  // namespace sipcm::engine
