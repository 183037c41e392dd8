// Sends SIP requests and measures what comes back. For tests/benchmark/run, and by hand:
//
//   load_generator --target=127.0.0.1:5060 --connections=16 --window=8 --duration=5s
//   load_generator --target=127.0.0.1:5061 --transport=TLS --mode=idle   < commands
//
// closed_loop prints one line of JSON when it has measured. idle reads lines from standard input,
// each a number of connections; when so many are established it prints {"established": N}. At the
// end of its input it tells whether all of them still stand, and ends. Exit codes: 0; 1 the
// measurement is void, with one line that says why; 2 the command line is wrong.

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
#include "absl/strings/str_join.h"
#include "tests/benchmark/load/closed_loop.h"
#include "tests/benchmark/load/idle_crowd.h"
#include "tests/benchmark/load/load_connection.h"

ABSL_FLAG(std::string, target, "", "IP:port of the server");
ABSL_FLAG(std::string, mode, "closed_loop", "closed_loop or idle");
ABSL_FLAG(std::string, transport, "TCP", "TCP or TLS");
ABSL_FLAG(std::string, ca_file, "", "PEM: check the server's chain against it");
ABSL_FLAG(std::string, certificate_file, "", "PEM: the chain to present, for mutual TLS");
ABSL_FLAG(std::string, key_file, "", "PEM: its private key");
ABSL_FLAG(int, connections, 16, "closed_loop: connections, 1 to 1048576");
ABSL_FLAG(int, window, 8, "closed_loop: requests outstanding on each, 1 to 65536");
ABSL_FLAG(std::string, method, "OPTIONS", "method of the requests");
ABSL_FLAG(std::string, uri, "sip:echo@example.com", "their Request-URI and To");
ABSL_FLAG(int, request_bytes, 500, "size of a request, padded");
ABSL_FLAG(int, status, 200, "status that every reply has to have");
ABSL_FLAG(absl::Duration, warm_up, absl::Seconds(1), "closed_loop: time before the measurement");
ABSL_FLAG(absl::Duration, duration, absl::Seconds(5), "closed_loop: time of the measurement");
ABSL_FLAG(int64_t, count, INT64_MAX, "closed_loop: replies after which it ends earlier");
ABSL_FLAG(std::vector<std::string>, watch, {}, "closed_loop: process ids whose CPU time to take");

namespace sipcm::load {
namespace {

constexpr int kVoid = 1;
constexpr int kBadUsage = 2;

int Fail(int code, const absl::Status& status) {
  std::fprintf(stderr, "load_generator: %s\n", std::string(status.message()).c_str());
  return code;
}

double Microseconds(int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1000; }

void Print(const ClosedLoopReport& report) {
  const double seconds = absl::ToDoubleSeconds(report.elapsed);
  const std::string processes =
      absl::StrJoin(report.used.processes, ", ", [](std::string* out, absl::Duration cpu) {
        absl::StrAppendFormat(out, "%.6f", absl::ToDoubleSeconds(cpu));
      });
  absl::PrintF(
      "{\"seconds\": %.6f, \"replies\": %d, \"requests_per_second\": %.1f, \"p50_us\": %.1f, "
      "\"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f, \"watched_cpu_seconds\": [%s], "
      "\"generator_cpu_seconds\": %.6f, \"machine_cpu_seconds\": %.3f, \"stolen_seconds\": %.3f}\n",
      seconds, report.reply_count, static_cast<double>(report.reply_count) / seconds,
      Microseconds(report.latency.Percentile(0.5)), Microseconds(report.latency.Percentile(0.99)),
      Microseconds(report.latency.Percentile(0.999)), Microseconds(report.latency.max()), processes,
      absl::ToDoubleSeconds(report.used.own), absl::ToDoubleSeconds(report.used.machine),
      absl::ToDoubleSeconds(report.used.stolen));
  std::fflush(stdout);
}

RequestShape Shape() {
  RequestShape shape;
  shape.method = absl::GetFlag(FLAGS_method);
  shape.uri = absl::GetFlag(FLAGS_uri);
  shape.transport = absl::GetFlag(FLAGS_transport);
  shape.byte_count = static_cast<size_t>(std::max(absl::GetFlag(FLAGS_request_bytes), 0));
  return shape;
}

int RunClosedLoopMode(const sockaddr_storage& target, SSL_CTX* context) {
  ClosedLoopSettings settings;
  settings.target = target;
  settings.context = context;
  settings.connection_count = absl::GetFlag(FLAGS_connections);
  settings.window = absl::GetFlag(FLAGS_window);
  settings.shape = Shape();
  settings.expected_status = absl::GetFlag(FLAGS_status);
  settings.warm_up = absl::GetFlag(FLAGS_warm_up);
  settings.duration = absl::GetFlag(FLAGS_duration);
  settings.max_reply_count = absl::GetFlag(FLAGS_count);
  if (settings.connection_count < 1 || settings.connection_count > 1 << 20 || settings.window < 1 ||
      settings.window > 1 << 16) {
    return Fail(kBadUsage, absl::InvalidArgumentError(
                               "--connections is 1 to 1048576 and --window 1 to 65536"));
  }
  for (const std::string& text : absl::GetFlag(FLAGS_watch)) {
    int process = 0;
    if (!absl::SimpleAtoi(text, &process) || process <= 0) {
      return Fail(kBadUsage, absl::InvalidArgumentError(
                                 absl::StrCat("--watch: \"", text, "\" is no process id")));
    }
    settings.watched.push_back(process);
  }
  const absl::StatusOr<ClosedLoopReport> report = RunClosedLoop(settings);
  if (!report.ok()) return Fail(kVoid, report.status());
  Print(*report);
  return 0;
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
  if (absl::GetFlag(FLAGS_mode) == "idle") return RunIdleMode(*target, context.get());
  return Fail(kBadUsage, absl::InvalidArgumentError("--mode is closed_loop or idle"));
}

}  // namespace
}  // namespace sipcm::load

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("Sends SIP requests and measures what comes back.");
  absl::ParseCommandLine(argc, argv);
  return sipcm::load::Run();
}
