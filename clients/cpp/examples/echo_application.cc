// An application that answers every request at once, as fast as it can: an example of the client
// library, and the application end of load measurements.
//
//   echo_application --server=127.0.0.1:50061 --endpoint=endpoints/echo
//
// With --connection_manager and --address the endpoint is created first, if there is none yet.

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "clients/cpp/application.h"
#include "clients/cpp/client.h"

ABSL_FLAG(std::string, server, "127.0.0.1:50061", "gRPC address of sipcm");
ABSL_FLAG(std::string, endpoint, "endpoints/echo", "whose requests to answer");
ABSL_FLAG(std::string, connection_manager, "",
          "create the endpoint on this manager, e.g. connectionManagers/edge");
ABSL_FLAG(std::string, address, "", "SIP address of the endpoint to create, sip:echo@example.com");
ABSL_FLAG(std::string, view, "RAW", "how requests are handed over: RAW or PARSED");
ABSL_FLAG(int, status, 200, "status of every answer, 100 to 699");
ABSL_FLAG(int, max_outstanding_count, 4096, "how many requests are taken unanswered");
ABSL_FLAG(int, subscriptions, 1, "how many share the endpoint's requests and that count");

namespace sipcm::client {
namespace {

class EchoHandler final : public ApplicationHandler {
 public:
  explicit EchoHandler(int status_code) : status_code_(status_code) {}
  void Serve(Application* application) { application_ = application; }
  uint64_t answered() const { return answered_; }

  void OnRequest(const v1::RequestDelivery& request, int /*subscription*/) override {
    if (request.request().method() == "ACK") return;
    application_->Respond(request.request_id(), status_code_);
    answered_.fetch_add(1, std::memory_order_relaxed);
  }
  void OnSubscriptionStarted(const v1::SubscriptionStarted& started, int) override {
    std::printf("answering requests for %s\n", started.endpoint().c_str());
    std::fflush(stdout);
  }
  void OnSubscriptionEnded(const v1::SubscriptionEnded& ended) override {
    if (ended.code() != 0) std::fprintf(stderr, "ended: %s\n", ended.message().c_str());
  }
  void OnRespondResult(const v1::RespondResult& result) override {
    std::fprintf(stderr, "request %s: %s\n", result.request_id().c_str(), result.message().c_str());
  }
  void OnDisconnected(const absl::Status& why) override {
    std::fprintf(stderr, "disconnected: %s\n", why.ToString().c_str());
  }

 private:
  const int status_code_;
  Application* application_ = nullptr;
  std::atomic<uint64_t> answered_{0};
};

absl::Status CreateEndpoint(Client& client) {
  v1::CreateEndpointRequest request;
  request.set_endpoint_id(
      std::string(absl::StripPrefix(absl::GetFlag(FLAGS_endpoint), "endpoints/")));
  request.mutable_endpoint()->set_kind(v1::Endpoint::PEER_TO_PEER);
  request.mutable_endpoint()->set_address(absl::GetFlag(FLAGS_address));
  request.mutable_endpoint()->set_connection_manager(absl::GetFlag(FLAGS_connection_manager));
  const absl::Status status = client.CreateEndpoint(request).status();
  return absl::IsAlreadyExists(status) ? absl::OkStatus() : status;
}

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}

int Run() {
  sigset_t ending;  // blocked before any thread starts, so that sigwait() below gets them
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);

  absl::StatusOr<std::unique_ptr<Client>> client = Client::Connect(absl::GetFlag(FLAGS_server));
  if (!client.ok()) return Fail(client.status());
  if (!absl::GetFlag(FLAGS_address).empty()) {
    if (const absl::Status created = CreateEndpoint(**client); !created.ok()) return Fail(created);
  }
  ApplicationOptions options;
  options.name = "echo_application";
  v1::SubscribeRequest subscribe;
  subscribe.set_endpoint(absl::GetFlag(FLAGS_endpoint));
  subscribe.set_view(absl::GetFlag(FLAGS_view) == "PARSED" ? v1::PARSED : v1::RAW);
  subscribe.set_peer_detail(v1::SubscribeRequest::NONE);
  const int count = std::max(absl::GetFlag(FLAGS_subscriptions), 1);
  subscribe.set_max_outstanding_count(absl::GetFlag(FLAGS_max_outstanding_count) / count);
  options.subscriptions.assign(count, subscribe);

  EchoHandler handler(absl::GetFlag(FLAGS_status));
  Application application(client->get(), options, &handler);
  handler.Serve(&application);
  application.Start();
  int signal_number = 0;
  sigwait(&ending, &signal_number);
  application.Stop(absl::Seconds(5));
  std::printf("answered %llu requests\n", static_cast<unsigned long long>(handler.answered()));
  return 0;
}

}  // namespace
}  // namespace sipcm::client

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);  // README.md
  absl::SetProgramUsageMessage("Answers every request of an endpoint at once.");
  absl::ParseCommandLine(argc, argv);
  return sipcm::client::Run();
}
