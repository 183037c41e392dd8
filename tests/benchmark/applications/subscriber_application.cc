// An application that answers every request in the plain way, as grpcurl or a script would: each of
// its threads reads a Subscribe stream and answers with unary Respond calls, one after the other.
//   subscriber_application --server=127.0.0.1:50061 --endpoint=endpoints/echo

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/synchronization/mutex.h"
#include "clients/cpp/client.h"

ABSL_FLAG(std::string, server, "127.0.0.1:50061", "gRPC address of sipcm");
ABSL_FLAG(std::string, endpoint, "endpoints/echo", "whose requests to answer");
ABSL_FLAG(int, threads, 8, "streams, each with a thread of its own");

namespace sipcm::load {
namespace {

using client::Client;
using client::Reading;

// Ends with the process: its streams have no other end.
void AnswerAll(Client* client, std::atomic<int>* started_count) {
  v1::SubscribeRequest subscribe;
  subscribe.set_endpoint(absl::GetFlag(FLAGS_endpoint));
  subscribe.set_view(v1::RAW);
  const absl::Status ended = client->Subscribe(subscribe, [&](const v1::Delivery& delivery) {
    if (delivery.has_started() && ++*started_count == absl::GetFlag(FLAGS_threads)) {
      std::puts("answering");
      std::fflush(stdout);
    }
    if (!delivery.has_request()) return Reading::kContinue;
    v1::RespondRequest respond;
    respond.set_request_id(delivery.request().request_id());
    respond.mutable_response()->set_status_code(200);
    const auto answered = client->Respond(respond);
    if (!answered.ok()) std::fprintf(stderr, "%s\n", answered.status().ToString().c_str());
    return Reading::kContinue;
  });
  std::fprintf(stderr, "subscription ended: %s\n", ended.ToString().c_str());
}

int Run() {
  auto client = Client::Connect(absl::GetFlag(FLAGS_server));
  if (!client.ok()) {
    std::fprintf(stderr, "%s\n", client.status().ToString().c_str());
    return 1;
  }
  std::atomic<int> started_count{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < absl::GetFlag(FLAGS_threads); ++i) {
    threads.emplace_back(AnswerAll, client->get(), &started_count);
  }
  for (std::thread& thread : threads) thread.join();
  return 1;
}

}  // namespace
}  // namespace sipcm::load

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  absl::SetProgramUsageMessage("Answers every request of an endpoint by unary calls.");
  absl::ParseCommandLine(argc, argv);
  return sipcm::load::Run();
}
