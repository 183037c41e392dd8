#ifndef SIPCM_CORE_REGISTRATION_REGISTRATION_H_
#define SIPCM_CORE_REGISTRATION_REGISTRATION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/backoff.h"
#include "core/base/instant.h"
#include "core/base/random_source.h"
#include "core/dispatch/registration_settings.h"
#include "core/event/event_loop.h"
#include "core/registration/authenticator.h"
#include "core/registration/registration_reply.h"
#include "core/registration/registration_status.h"
#include "core/sip/digest_auth.h"
#include "core/sip/message_view.h"

namespace sipcm::registration {

// Keeps one address-of-record registered over the flow that its owner opens: REGISTER when a flow
// comes up, again before it ends, credentials when asked for (RFC 3261 10.2, Authenticator),
// +sip.instance and reg-id (RFC 5626); it learns routes and GRUUs (RFC 3608, RFC 5627). One
// REGISTER is outstanding at most (10.2).
//
// After a fault that may pass it tries again after 30 to 60 s, doubling to 15 to 30 min (RFC 5626
// 4.5), or when Retry-After says. Thread: its loop's. Destroying it ends it without a REGISTER.
class Registration final {
 public:
  // Whether the binding leads over the flow, or to an address where we listen.
  enum class FlowLoss : uint8_t { kEndsRegistration, kKeepsRegistration };

  struct Identity {
    std::string address;       // the address-of-record: "sip:alice@example.com"
    std::string contact_user;  // the user part of our Contact
  };
  struct Flow {
    std::string sent_by;          // host[:port] for the Contact
    absl::string_view transport;  // "tcp" or "tls"; static
  };
  struct Request {
    uint32_t cseq = 0;  // names it in OnResponse() and OnNoResponse()
    std::string request_uri;
    std::vector<std::pair<std::string, std::string>> headers;
  };
  // Called from inside this' calls; it must not destroy this from there.
  class Host {
   public:
    virtual void SendRegister(Request request) = 0;
    virtual void OnStatusChanged(const RegistrationStatus& status) = 0;
    // After End(): nothing follows.
    virtual void OnEnded() = 0;

   protected:
    ~Host() = default;
  };
  struct Means {  // all outlive this
    event::EventLoop* loop = nullptr;
    RandomSource* random = nullptr;
    sip::DigestHash hash = nullptr;
  };

  // Upper bounds: the delay is between half of it and all.
  static constexpr absl::Duration kFirstRetryDelay = absl::Seconds(60);
  static constexpr absl::Duration kLongestRetryDelay = absl::Minutes(30);
  // Temporary GRUUs that are kept; each refresh brings another, and the older ones hold.
  static constexpr size_t kMaxTemporaryGruus = 16;

  Registration(Identity identity, std::shared_ptr<const dispatch::RegistrationSettings> settings,
               FlowLoss flow_loss, Means means, Host* host);
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

  // A flow to the first hop is there: registers at once.
  void OnFlowUp(Flow flow);
  void OnFlowLost(const absl::Status& why);
  // A final response to our last REGISTER; others are passed over.
  void OnResponse(const sip::MessageView& response);
  // REGISTER `cseq` will have none.
  void OnNoResponse(uint32_t cseq, const absl::Status& why);
  // Starts over with other settings, FAILED or not.
  void Change(std::shared_ptr<const dispatch::RegistrationSettings> settings);
  // Unregisters where it is registered; OnEnded() when that is answered, perhaps inside this call.
  void End();

  const RegistrationStatus& status() const { return status_; }
  // Whether the flow is to be kept by the first hop (RFC 5626): asked for and not refused, and
  // nothing where the binding is to outlive the flow.
  bool uses_outbound() const {
    return flow_loss_ == FlowLoss::kEndsRegistration && settings_->reg_id > 0 &&
           !settings_->instance_id.empty() && !outbound_refused_;
  }
  // Of the endpoint's other requests too.
  Authenticator& authenticator() { return authenticator_; }

 private:
  bool may_send() const {
    return flow_up_ || (flow_loss_ == FlowLoss::kKeepsRegistration && !flow_.sent_by.empty());
  }
  void BeginRound();  // what is asked and challenged from here on belongs together
  void SendRegister();
  std::string ContactUri() const;
  std::string Contact() const;
  const char* SupportedOptions() const;
  void OnAccepted(const RegistrationReply& reply);
  void Learn(const RegistrationReply& reply);
  void OnChallenged(const RegistrationReply& reply, const sip::MessageView& response);
  void OnNoOutbound(const RegistrationReply& reply);
  void TryLater(std::string reason, absl::Duration not_before);
  void Refuse(std::string reason);
  void FinishEnding();
  void Unregistered();
  void SetState(RegistrationState state, std::string reason);
  void Rearm();
  void OnAlarm();
  absl::Time WallAt(Instant at) const;

  const Identity identity_;
  std::shared_ptr<const dispatch::RegistrationSettings> settings_;
  const FlowLoss flow_loss_;
  const Means means_;
  Host* const host_;
  const std::string call_id_;
  const std::string from_tag_;
  Backoff backoff_;
  std::unique_ptr<event::Alarm> alarm_;
  RegistrationStatus status_;
  Flow flow_;
  Authenticator authenticator_;
  Authenticator::Proof proof_ = Authenticator::Proof::kNone;  // of the last response
  Authenticator::Round round_;
  absl::Duration lifetime_;
  Instant due_at_ = Instant::Infinite();      // the next REGISTER
  Instant expires_at_ = Instant::Infinite();  // of the binding
  uint32_t cseq_ = 0;
  int registers_of_round_ = 0;
  bool flow_up_ = false;
  bool in_flight_ = false;
  bool ending_ = false;
  bool outbound_refused_ = false;
};

}  // namespace sipcm::registration

#endif  // SIPCM_CORE_REGISTRATION_REGISTRATION_H_
