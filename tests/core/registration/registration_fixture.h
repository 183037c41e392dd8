#ifndef SIPCM_TESTS_CORE_REGISTRATION_REGISTRATION_FIXTURE_H_
#define SIPCM_TESTS_CORE_REGISTRATION_REGISTRATION_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/random_source.h"
#include "core/registration/registration.h"
#include "core/sip/parser.h"
#include "core/tls/message_digest.h"
#include "gtest/gtest.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/manual_event_loop.h"
#include "tests/fakes/manual_scheduler.h"

namespace sipcm::registration {

inline std::string HashText(sip::DigestAlgorithm algorithm, absl::string_view text) {
  return algorithm == sip::DigestAlgorithm::kMd5 ? tls::Md5Hex(text) : tls::Sha256Hex(text);
}

// One registration in virtual time; the test is its flow and its registrar.
class RegistrationFixture : public ::testing::Test, private Registration::Host {
 protected:
  using State = RegistrationState;
  using FlowLoss = Registration::FlowLoss;

  static dispatch::RegistrationSettings Settings() {
    dispatch::RegistrationSettings settings;
    settings.registrar = "sip:example.com";
    settings.username = "alice";
    settings.password = "secret";
    settings.instance_id = "urn:uuid:00000000-0000-1000-8000-000A95A0E128";
    return settings;
  }
  void Make(const dispatch::RegistrationSettings& settings = Settings(),
            FlowLoss flow_loss = FlowLoss::kEndsRegistration) {
    registration_ = std::make_unique<Registration>(
        Registration::Identity{"sip:alice@example.com", "alice"},
        std::make_shared<const dispatch::RegistrationSettings>(settings), flow_loss,
        Registration::Means{&loop_, &random_, HashText}, static_cast<Registration::Host*>(this));
  }
  void FlowUp(const std::string& sent_by = "192.0.2.1:40000") {
    registration_->OnFlowUp({sent_by, "tcp"});
  }
  // Answers the last REGISTER.
  void Reply(int status_code, const std::string& headers = "") {
    const std::string text = absl::StrCat(
        "SIP/2.0 ", status_code, " Words\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\n",
        "From: <sip:alice@example.com>;tag=1\r\nTo: <sip:alice@example.com>;tag=2\r\n",
        "Call-ID: 1\r\nCSeq: ", sent_.back().cseq, " REGISTER\r\n", headers,
        "Content-Length: 0\r\n\r\n");
    sip::MessageView view;
    ASSERT_TRUE(sip::Parse(text, text.size(), view).ok()) << text;
    registration_->OnResponse(view);
  }
  void Accept(int expires) { Reply(200, absl::StrCat("Expires: ", expires, "\r\n")); }
  void NoReply(const std::string& why) {
    registration_->OnNoResponse(sent_.back().cseq, absl::UnavailableError(why));
  }
  // Of the last REGISTER; empty: none.
  std::string Header(const std::string& name) const {
    for (const auto& [given, value] : sent_.back().headers) {
      if (given == name) return value;
    }
    return "";
  }
  State state() const { return registration_->status().state; }
  const std::string& reason() const { return registration_->status().reason; }
  void AdvanceBy(absl::Duration by) { scheduler_.AdvanceBy(by); }

  fakes::ManualClock clock_;
  fakes::ManualScheduler scheduler_{&clock_};
  fakes::ManualEventLoop loop_{&scheduler_};
  SeededRandomSource random_{7};
  std::vector<Registration::Request> sent_;
  std::vector<State> states_;
  int ended_count_ = 0;
  std::unique_ptr<Registration> registration_;

 private:
  void SendRegister(Registration::Request request) override { sent_.push_back(std::move(request)); }
  void OnStatusChanged(const RegistrationStatus& status) override {
    if (states_.empty() || states_.back() != status.state) states_.push_back(status.state);
  }
  void OnEnded() override { ++ended_count_; }
};

}  // namespace sipcm::registration

#endif  // SIPCM_TESTS_CORE_REGISTRATION_REGISTRATION_FIXTURE_H_
