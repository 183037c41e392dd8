// An application that sends requests through sipcm as fast as answers come: P9 of the budgets.
//   sender_application --server=127.0.0.1:50061 --endpoint=endpoints/echo --target=127.0.0.1:5070
// Prints one line of JSON, as load_generator does, and then what connections its requests took:
//   {"connections": N, "fewest": requests on the least used one, "most": on the most used one}

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "clients/cpp/application.h"
#include "clients/cpp/client.h"
#include "tests/benchmark/load/load_poller.h"
#include "tests/benchmark/load/load_report.h"

ABSL_FLAG(std::string, server, "127.0.0.1:50061", "gRPC address of sipcm");
ABSL_FLAG(std::string, endpoint, "endpoints/echo", "who sends");
ABSL_FLAG(std::string, target, "", "IP:port that the requests go to");
ABSL_FLAG(int, outstanding, 64, "requests outstanding");
ABSL_FLAG(absl::Duration, warm_up, absl::Seconds(1), "time before the measurement");
ABSL_FLAG(absl::Duration, duration, absl::Seconds(5), "time of the measurement");
ABSL_FLAG(std::vector<std::string>, watch, {}, "process ids whose CPU time to take");

namespace sipcm::load {
namespace {

// Longer than the manager lets a send wait for its answer.
constexpr absl::Duration kMostForTheRest = absl::Seconds(40);

class NoRequests final : public client::ApplicationHandler {
 public:
  void OnRequest(const v1::RequestDelivery&, int) override {}
};

// Sends the next request with each answer; all but the main thread's calls come on the
// application's thread.
class Sender {
 public:
  enum class Phase : unsigned char { kWarmUp, kMeasuring, kEnding };

  // Keeps `outstanding` requests outstanding, once each was begun with SendNext().
  Sender(client::Application* application, v1::SendRequest request, int outstanding)
      : application_(application), request_(std::move(request)), outstanding_(outstanding) {}

  void SendNext() {
    const int64_t begun_at = MonotonicNow();
    application_->Send(request_, [this, begun_at](const v1::SendEvent& event) {
      if (event.has_sent()) return NoteConnection(event.sent().connection());
      if (event.has_response() && event.response().status_code() < 200) return;
      OnEnd(event, begun_at);
    });
  }
  void Enter(Phase phase) { phase_ = phase; }
  // Waits for that long, or until a send failed.
  void Continue(absl::Duration span) { failed_.WaitForNotificationWithTimeout(span); }
  // After kEnding, or a failure: false when some of the sends did not end in time.
  bool WaitForTheRest(absl::Duration timeout) {
    return all_ended_.WaitForNotificationWithTimeout(timeout);
  }
  bool failed() const { return failed_.HasBeenNotified(); }
  LoadReport& report() { return report_; }
  std::string ConnectionsJson() const {
    int64_t fewest = INT64_MAX;
    int64_t most = 0;
    for (const auto& [name, count] : requests_by_connection_) {
      fewest = std::min(fewest, count);
      most = std::max(most, count);
    }
    return absl::StrFormat("{\"connections\": %d, \"fewest\": %d, \"most\": %d}",
                           requests_by_connection_.size(), fewest, most);
  }

 private:
  void NoteConnection(const std::string& name) {
    if (phase_ == Phase::kMeasuring) ++requests_by_connection_[name];
  }

  void OnEnd(const v1::SendEvent& event, int64_t begun_at) {
    if (!event.has_response() || event.response().status_code() != 200) {
      if (!failed()) {
        std::fprintf(stderr, "%s\n", event.ShortDebugString().c_str());
        failed_.Notify();
      }
    }
    if (phase_ == Phase::kMeasuring) {
      ++report_.reply_count;
      report_.latency.Add(MonotonicNow() - begun_at);
    }
    if (phase_ != Phase::kEnding && !failed()) {
      SendNext();
    } else if (--outstanding_ == 0) {
      all_ended_.Notify();
    }
  }

  client::Application* const application_;
  const v1::SendRequest request_;
  std::atomic<Phase> phase_{Phase::kWarmUp};
  int outstanding_;  // that have not ended: of the application's thread
  absl::Notification failed_;
  absl::Notification all_ended_;
  std::map<std::string, int64_t> requests_by_connection_;
  LoadReport report_;
};

v1::SendRequest Request() {
  v1::SendRequest request;
  request.set_endpoint(absl::GetFlag(FLAGS_endpoint));
  request.set_view(v1::RAW);
  request.mutable_request()->set_method("OPTIONS");
  request.mutable_request()->set_request_uri("sip:peer@example.com");
  const std::string target = absl::GetFlag(FLAGS_target);
  const size_t colon = target.rfind(':');
  uint32_t port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(target.substr(colon + 1), &port)) port = 0;
  request.mutable_destination()->set_host(target.substr(0, colon));
  request.mutable_destination()->set_port(static_cast<int32_t>(port));
  request.mutable_destination()->set_transport(v1::TCP);
  return request;
}

int Run() {
  auto client = client::Client::Connect(absl::GetFlag(FLAGS_server));
  if (!client.ok()) {
    std::fprintf(stderr, "%s\n", client.status().ToString().c_str());
    return 1;
  }
  std::vector<pid_t> watched;
  for (const std::string& text : absl::GetFlag(FLAGS_watch)) {
    int process = 0;
    if (absl::SimpleAtoi(text, &process)) watched.push_back(process);
  }
  NoRequests handler;
  client::ApplicationOptions options;
  options.name = "sender_application";
  client::Application application(client->get(), options, &handler);
  application.Start();
  const int outstanding = absl::GetFlag(FLAGS_outstanding);
  Sender sender(&application, Request(), outstanding);
  for (int i = 0; i < outstanding; ++i) sender.SendNext();
  sender.Continue(absl::GetFlag(FLAGS_warm_up));
  const CpuReading at_start = ReadCpu(watched);
  const int64_t begin = MonotonicNow();
  sender.Enter(Sender::Phase::kMeasuring);
  sender.Continue(absl::GetFlag(FLAGS_duration));
  sender.Enter(Sender::Phase::kEnding);
  sender.report().elapsed = absl::Nanoseconds(MonotonicNow() - begin);
  sender.report().used = Difference(ReadCpu(watched), at_start);
  const bool all_ended = sender.WaitForTheRest(kMostForTheRest);
  application.Stop(absl::Seconds(5));
  if (!all_ended) std::fprintf(stderr, "some of the sends did not end\n");
  if (sender.failed() || !all_ended) return 1;
  std::printf("%s\n%s\n", ToJson(sender.report()).c_str(), sender.ConnectionsJson().c_str());
  return 0;
}

}  // namespace
}  // namespace sipcm::load

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  absl::SetProgramUsageMessage("Sends requests through sipcm as fast as answers come.");
  absl::ParseCommandLine(argc, argv);
  return sipcm::load::Run();
}
