// Sends SIP requests and measures what comes back. For tests/benchmark/run, and by hand:
//
//   load_generator --target=127.0.0.1:5060 --connections=16 --window=8 --duration=5s
//   load_generator --target=127.0.0.1:5061 --transport=TLS --mode=idle   < commands
//
// closed_loop (a window of requests outstanding on each connection), open_loop (a fixed rate) and
// churn (connect, one request, close) print one line of JSON when they have measured. idle reads
// lines from standard input, each a number of connections; when so many are established it prints
// {"established": N}. At the end of its input it tells whether all of them still stand, and ends.
// Exit codes: 0; 1 the measurement is void, with one line that says why; 2 the command line is
// wrong.

#include <signal.h>

#include <cstdio>
#include <iostream>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/benchmark/load/churn.h"
#include "tests/benchmark/load/closed_loop.h"
#include "tests/benchmark/load/idle_crowd.h"
#include "tests/benchmark/load/load_connection.h"
#include "tests/benchmark/load/load_report.h"
#include "tests/benchmark/load/open_loop.h"

ABSL_FLAG(std::string, target, "", "IP:port of the server");
ABSL_FLAG(std::string, mode, "closed_loop", "closed_loop, open_loop, churn or idle");
ABSL_FLAG(std::string, transport, "TCP", "TCP or TLS");
ABSL_FLAG(std::string, ca_file, "", "PEM: check the server's chain against it");
ABSL_FLAG(std::string, certificate_file, "", "PEM: the chain to present, for mutual TLS");
ABSL_FLAG(std::string, key_file, "", "PEM: its private key");
ABSL_FLAG(int, connections, 16, "connections at once, 1 to 1048576");
ABSL_FLAG(int, window, 8,
          "closed_loop: requests outstanding on each; open_loop: at most so many; 1 to 65536");
ABSL_FLAG(double, rate, 1000, "open_loop: requests a second in all");
ABSL_FLAG(bool, resume, false, "churn: go on with the TLS session of the connection before");
ABSL_FLAG(std::string, method, "OPTIONS", "method of the requests");
ABSL_FLAG(std::string, uri, "sip:echo@example.com", "their Request-URI and To");
ABSL_FLAG(int, request_bytes, 500, "size of a request, padded");
ABSL_FLAG(int, status, 200, "status that every reply has to have");
ABSL_FLAG(absl::Duration, warm_up, absl::Seconds(1), "time before the measurement");
ABSL_FLAG(absl::Duration, duration, absl::Seconds(5), "time of the measurement");
ABSL_FLAG(int64_t, count, INT64_MAX, "closed_loop, churn: replies after which it ends earlier");
ABSL_FLAG(std::vector<std::string>, watch, {}, "process ids whose CPU time to take");

namespace sipcm::load {
namespace {

constexpr int kVoid = 1;
constexpr int kBadUsage = 2;

int Fail(int code, const absl::Status& status) {
  std::fprintf(stderr, "load_generator: %s\n", std::string(status.message()).c_str());
  return code;
}

RequestShape Shape() {
  RequestShape shape;
  shape.method = absl::GetFlag(FLAGS_method);
  shape.uri = absl::GetFlag(FLAGS_uri);
  shape.transport = absl::GetFlag(FLAGS_transport);
  shape.byte_count = static_cast<size_t>(std::max(absl::GetFlag(FLAGS_request_bytes), 0));
  return shape;
}

// What the modes that measure have in common.
template <typename Settings>
absl::StatusOr<Settings> CommonSettings(const sockaddr_storage& target, SSL_CTX* context) {
  Settings settings;
  settings.target = target;
  settings.context = context;
  settings.shape = Shape();
  settings.expected_status = absl::GetFlag(FLAGS_status);
  settings.warm_up = absl::GetFlag(FLAGS_warm_up);
  settings.duration = absl::GetFlag(FLAGS_duration);
  if (absl::GetFlag(FLAGS_connections) < 1 || absl::GetFlag(FLAGS_connections) > 1 << 20 ||
      absl::GetFlag(FLAGS_window) < 1 || absl::GetFlag(FLAGS_window) > 1 << 16) {
    return absl::InvalidArgumentError("--connections is 1 to 1048576 and --window 1 to 65536");
  }
  if (!(absl::GetFlag(FLAGS_rate) > 0 && absl::GetFlag(FLAGS_rate) <= 1e7)) {
    return absl::InvalidArgumentError("--rate is more than 0 and at most 10000000");
  }
  for (const std::string& text : absl::GetFlag(FLAGS_watch)) {
    int process = 0;
    if (!absl::SimpleAtoi(text, &process) || process <= 0) {
      return absl::InvalidArgumentError(absl::StrCat("--watch: \"", text, "\" is no process id"));
    }
    settings.watched.push_back(process);
  }
  return settings;
}

int Report(const absl::StatusOr<LoadReport>& report) {
  if (!report.ok()) return Fail(kVoid, report.status());
  std::puts(ToJson(*report).c_str());
  std::fflush(stdout);
  return 0;
}

int RunClosedLoopMode(const sockaddr_storage& target, SSL_CTX* context) {
  auto settings = CommonSettings<ClosedLoopSettings>(target, context);
  if (!settings.ok()) return Fail(kBadUsage, settings.status());
  settings->connection_count = absl::GetFlag(FLAGS_connections);
  settings->window = absl::GetFlag(FLAGS_window);
  settings->max_reply_count = absl::GetFlag(FLAGS_count);
  return Report(RunClosedLoop(*settings));
}

int RunOpenLoopMode(const sockaddr_storage& target, SSL_CTX* context) {
  auto settings = CommonSettings<OpenLoopSettings>(target, context);
  if (!settings.ok()) return Fail(kBadUsage, settings.status());
  settings->connection_count = absl::GetFlag(FLAGS_connections);
  settings->max_outstanding = absl::GetFlag(FLAGS_window);
  settings->rate = absl::GetFlag(FLAGS_rate);
  return Report(RunOpenLoop(*settings));
}

int RunChurnMode(const sockaddr_storage& target, SSL_CTX* context) {
  auto settings = CommonSettings<ChurnSettings>(target, context);
  if (!settings.ok()) return Fail(kBadUsage, settings.status());
  settings->lane_count = absl::GetFlag(FLAGS_connections);
  settings->resumption = absl::GetFlag(FLAGS_resume) ? Resumption::kAlways : Resumption::kNever;
  settings->max_reply_count = absl::GetFlag(FLAGS_count);
  return Report(RunChurn(*settings));
}

int RunIdleMode(const sockaddr_storage& target, SSL_CTX* context) {
  IdleCrowdSettings settings;
  settings.target = target;
  settings.context = context;
  settings.shape = Shape();
  settings.expected_status = absl::GetFlag(FLAGS_status);
  IdleCrowd crowd(settings);
  std::string line;
  while (std::getline(std::cin, line)) {
    uint32_t count = 0;
    if (!absl::SimpleAtoi(line, &count) || count > 1 << 20) {
      return Fail(kBadUsage, absl::InvalidArgumentError(absl::StrCat(
                                 "\"", line, "\" is no number of connections up to 1048576")));
    }
    if (const absl::Status grown = crowd.GrowTo(count); !grown.ok()) return Fail(kVoid, grown);
    absl::PrintF("{\"established\": %d}\n", crowd.established_count());
    std::fflush(stdout);
  }
  if (const absl::Status stand = crowd.CheckAllStand(); !stand.ok()) return Fail(kVoid, stand);
  return 0;
}

int Run() {
  ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  const absl::StatusOr<sockaddr_storage> target = ParseTarget(absl::GetFlag(FLAGS_target));
  if (!target.ok()) return Fail(kBadUsage, target.status());
  SslContextPointer context;
  if (absl::GetFlag(FLAGS_transport) == "TLS") {
    absl::StatusOr<SslContextPointer> made =
        NewTlsClientContext({absl::GetFlag(FLAGS_ca_file), absl::GetFlag(FLAGS_certificate_file),
                             absl::GetFlag(FLAGS_key_file)});
    if (!made.ok()) return Fail(kBadUsage, made.status());
    context = *std::move(made);
  } else if (absl::GetFlag(FLAGS_transport) != "TCP") {
    return Fail(kBadUsage, absl::InvalidArgumentError("--transport is TCP or TLS"));
  }
  if (absl::GetFlag(FLAGS_mode) == "closed_loop") return RunClosedLoopMode(*target, context.get());
  if (absl::GetFlag(FLAGS_mode) == "open_loop") return RunOpenLoopMode(*target, context.get());
  if (absl::GetFlag(FLAGS_mode) == "churn") return RunChurnMode(*target, context.get());
  if (absl::GetFlag(FLAGS_mode) == "idle") return RunIdleMode(*target, context.get());
  return Fail(kBadUsage,
              absl::InvalidArgumentError("--mode is closed_loop, open_loop, churn or idle"));
}

}  // namespace
}  // namespace sipcm::load

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("Sends SIP requests and measures what comes back.");
  absl::ParseCommandLine(argc, argv);
  return sipcm::load::Run();
}
