// sipcm-server: the process. What it does is in server.h; here are its parts and its ends.
//
// Exit codes: 0 ended in order; 1 the system refused (a port, descriptors, threads), or a second
// signal; 2 the command line or the configuration is wrong.

#include <grpc/support/log.h>
#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "core/engine/engine.h"
#include "core/engine/production_engine.h"
#include "server/catalog/server_catalog.h"
#include "server/config/config_file.h"
#include "server/config/descriptor_limit.h"
#include "server/config/flags.h"
#include "server/end_signal.h"
#include "server/event/engine_event_tee.h"
#include "server/event/event_hub.h"
#include "server/files/inotify_file_watcher.h"
#include "server/log/engine_event_log.h"
#include "server/log/log_line.h"
#include "server/log/logger.h"
#include "server/log/resource_event_log.h"
#include "server/memory_return.h"
#include "server/server.h"

namespace sipcm::server {
namespace {

constexpr int kOk = 0;
constexpr int kSystemRefused = 1;
constexpr int kBadUsage = 2;

// The message may quote what stands in a file: nothing of it may steer the terminal.
int Fail(int code, absl::string_view message) {
  const std::string line = absl::StrCat("sipcm-server: ", PrintableLine(message), "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
  return code;
}

// gRPC writes its own lines to standard error, also for what we report ourselves: nothing until the
// server serves, since a start that fails is one line of ours; then one of its errors a second is
// enough to know.
std::atomic<Logger*> grpc_logger = nullptr;
void LogOfGrpc(gpr_log_func_args* args) {
  Logger* const logger = grpc_logger.load();
  const LogLevel level =
      args->severity == GPR_LOG_SEVERITY_ERROR ? LogLevel::kWarning : LogLevel::kDebug;
  if (logger == nullptr || !logger->Admit(level, "grpc")) return;
  logger->WriteAdmitted(level, "grpc", {{"message", args->message}});
}

// Whole or not at all: readers wait for the file to appear.
bool WriteAddresses(const std::string& path, const Server& server) {
  const std::string temporary = absl::StrCat(path, ".", getpid());
  {
    std::ofstream file(temporary);
    file << "{\"grpc_address\": \"" << server.grpc_address() << "\", \"admin_address\": \""
         << server.admin_address().ToString() << "\", \"pid\": " << getpid() << "}\n";
    if (!file.flush()) return false;
  }
  return std::rename(temporary.c_str(), path.c_str()) == 0;
}

int64_t ConnectionCount(const engine::EngineTotals& totals) {
  int64_t count = 0;
  for (const auto& direction : totals.connections) {
    for (const int64_t of_transport : direction) count += of_transport;
  }
  return count;
}

void WaitForSignal(EndSignal* end_signal, const engine::Engine& engine, Catalogs* catalogs,
                   Logger* logger) {
  MemoryReturn memory;
  int received = 0;
  while (received == 0) {
    received = end_signal->Wait(absl::Seconds(1));
    logger->ReportDropped();
    if (memory.OnConnectionCount(ConnectionCount(engine.GetTotals()))) malloc_trim(0);
    if (received == 0) catalogs->CheckFilesAndTimes();
  }
  logger->Log(LogLevel::kInfo, "server_ending", {{"signal", absl::StrCat(received)}});
  end_signal->ExitOnNext();
}

int Serve(const Flags& flags, const sipcm::v1::Config& config, EndSignal* end_signal,
          Logger* logger) {
  EngineEventLog event_log(logger);
  EventHub event_hub(absl::Now);
  EngineEventTee events({&event_log, &event_hub});
  absl::StatusOr<std::unique_ptr<engine::ProductionEngine>> engine =
      engine::ProductionEngine::Start(flags.workers, &events, flags.dns_servers);
  if (!engine.ok()) return Fail(kSystemRefused, engine.status().message());
  Server::Options options;
  options.grpc_address = flags.grpc_address;
  options.admin_address = flags.admin_address;
  options.worker_count = flags.workers;
  options.control.now = absl::Now;
  options.events = &event_hub;
  InotifyFileWatcher files;
  options.control.files = &files;
  ResourceEventLog resource_events(logger, &event_hub);
  options.control.events = &resource_events;
  Server server((*engine)->engine(), std::move(options));
  if (const absl::Status applied = ApplyConfig(config, server.catalogs()); !applied.ok()) {
    return Fail(kBadUsage,
                absl::StrCat("--config \"", flags.config_file, "\": ", applied.message()));
  }
  if (const absl::Status started = server.Start(); !started.ok()) {
    return Fail(kSystemRefused, started.message());
  }
  grpc_logger = logger;
  for (const absl::Status& failure : server.catalogs()->managers.StartWanted()) {
    logger->Log(LogLevel::kError, "manager_does_not_listen",
                {{"detail", std::string(failure.message())}});
  }
  server.SetServing();
  logger->Log(LogLevel::kInfo, "server_serving",
              {{"version", kServerVersion},
               {"grpc_address", server.grpc_address()},
               {"admin_address", server.admin_address().ToString()},
               {"workers", absl::StrCat(flags.workers)}});
  for (const std::string& warning : server.catalogs()->managers.Warnings()) {
    logger->Log(LogLevel::kWarning, "manager_warning", {{"detail", warning}});
  }
  resource_events.BeginWarning();
  int code = kOk;
  if (!flags.addresses_file.empty() && !WriteAddresses(flags.addresses_file, server)) {
    code = Fail(kSystemRefused, absl::StrCat("--addresses_file: cannot write \"",
                                             flags.addresses_file, "\"; check its folder"));
  } else {
    WaitForSignal(end_signal, *(*engine)->engine(), server.catalogs(), logger);
  }
  server.Stop(code == kOk ? flags.drain_timeout : absl::ZeroDuration());
  grpc_logger = nullptr;
  logger->Log(LogLevel::kInfo, "server_ended", {});
  logger->ReportDropped();
  return code;
}

int Main(int argc, char** argv) {
  // Debian builds Abseil without NDEBUG. Each lock, gRPC's too, then goes into one graph of lock
  // orders under one lock of the whole process, which costs more than what the locks protect.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  EndSignal end_signal;
  const absl::StatusOr<Flags> flags =
      ParseFlags(argc, argv, static_cast<int>(std::thread::hardware_concurrency()));
  if (!flags.ok()) return Fail(kBadUsage, flags.status().message());
  if (!flags->print_and_exit.empty()) {
    std::fwrite(flags->print_and_exit.data(), 1, flags->print_and_exit.size(), stdout);
    return kOk;
  }
  sipcm::v1::Config config;
  if (!flags->config_file.empty()) {
    absl::StatusOr<sipcm::v1::Config> read = ReadConfigFile(flags->config_file);
    if (!read.ok()) return Fail(kBadUsage, absl::StrCat("--config ", read.status().message()));
    config = *std::move(read);
  }
  const absl::StatusOr<int64_t> descriptors =
      RaiseDescriptorLimit(ConfiguredConnectionCount(config));
  if (!descriptors.ok()) return Fail(kSystemRefused, descriptors.status().message());
  StandardErrorLog standard_error;
  Logger logger({flags->log_format, flags->log_level, absl::Now, standard_error.writer()});
  gpr_set_log_function(LogOfGrpc);
  const int code = Serve(*flags, config, &end_signal, &logger);
  gpr_set_log_function(nullptr);
  return code;
}

}  // namespace
}  // namespace sipcm::server

int main(int argc, char** argv) { return sipcm::server::Main(argc, argv); }
