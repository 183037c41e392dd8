#include "clients/cpp/application.h"

#include <utility>

#include "clients/cpp/application_stream.h"
#include "clients/cpp/channel.h"

namespace sipcm::client {
namespace {

constexpr size_t kAnswerBytes = 64;  // of an answer without headers and body

}  // namespace

Application::Application(Client* client, ApplicationOptions options, ApplicationHandler* handler)
    : stream_(std::make_unique<Stream>(client->channel_->channel, std::move(options), handler)) {}

Application::~Application() = default;

void Application::Start() { stream_->Start(); }

void Application::Stop(absl::Duration grace) { stream_->Stop(grace); }

void Application::Respond(const v1::RespondRequest& response) {
  stream_->Add(response.ByteSizeLong(),
               [&](v1::ApplicationFrame* frame) { *frame->add_responses() = response; });
}

void Application::Respond(absl::string_view request_id, int status_code,
                          absl::string_view reason_phrase) {
  stream_->Add(kAnswerBytes, [&](v1::ApplicationFrame* frame) {
    v1::RespondRequest* answer = frame->add_responses();
    answer->mutable_request_id()->assign(request_id.data(), request_id.size());
    answer->mutable_response()->set_status_code(status_code);
    if (reason_phrase.empty()) return;
    answer->mutable_response()->mutable_reason_phrase()->assign(reason_phrase.data(),
                                                                reason_phrase.size());
  });
}

void Application::RespondRaw(absl::string_view request_id, absl::string_view message) {
  stream_->Add(kAnswerBytes + message.size(), [&](v1::ApplicationFrame* frame) {
    v1::RespondRequest* answer = frame->add_responses();
    answer->mutable_request_id()->assign(request_id.data(), request_id.size());
    answer->mutable_response()->mutable_raw()->assign(message.data(), message.size());
  });
}

int64_t Application::Send(const v1::SendRequest& request, SendCallback on_event) {
  return stream_->Send(request, std::move(on_event));
}

void Application::CancelSend(int64_t send_id) {
  stream_->Add(16,
               [&](v1::ApplicationFrame* frame) { frame->add_cancels()->set_send_id(send_id); });
}

void Application::Grant(int subscription, int max_outstanding_count) {
  stream_->Grant(subscription, max_outstanding_count);
}

void Application::Pause() { stream_->Pause(); }

}  // namespace sipcm::client
