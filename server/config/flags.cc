#include "server/config/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/catalog/server_catalog.h"

namespace sipcm::server {
namespace {

constexpr int kMaxWorkers = 64;
constexpr size_t kMaxSocketPath = 107;  // sockaddr_un

// As typed, before it is checked.
struct Typed {
  std::string admin_address = "127.0.0.1:9061";
  int workers = 1;
  std::string log_format = "text";
  std::string log_level = "info";
  std::string drain_timeout = "30s";
};

absl::Status BadFlag(absl::string_view flag, absl::string_view message) {
  return WithField(MakeError(absl::StatusCode::kInvalidArgument, "INVALID_FIELD",
                             absl::StrCat("--", flag, ": ", message)),
                   flag);
}

void Declare(CLI::App* app, Flags* flags, Typed* typed) {
  app->set_help_flag("--help,-h", "Print this and exit");
  app->set_version_flag("--version",
                        absl::StrCat("sipcm-server ", kServerVersion, " (", BuildText(), ")"));
  app->add_option("--grpc_address", flags->grpc_address,
                  "Where the gRPC API is served: host:port, [v6]:port, or unix:/path; port 0 for "
                  "any free one")
      ->capture_default_str();
  app->add_option("--admin_address", typed->admin_address,
                  "Where /healthz and /metrics are served: host:port")
      ->capture_default_str();
  app->add_option("--config", flags->config_file,
                  "JSON file of a sipcm.v1.Config: what to set up at the start");
  app->add_option("--workers", typed->workers,
                  "Workers, each with an event loop: 1 to 64; default: one per core");
  app->add_option("--log_format", typed->log_format, "text or json")->capture_default_str();
  app->add_option("--log_level", typed->log_level, "debug, info, warning or error")
      ->capture_default_str();
  app->add_option("--drain_timeout", typed->drain_timeout,
                  "After SIGTERM, how long requests under way may take: 0s to 24h")
      ->capture_default_str();
  app->add_option("--dns_servers", flags->dns_servers,
                  "DNS servers to ask, as addresses with or without a port and commas between; "
                  "default: those of /etc/resolv.conf");
  app->add_option("--addresses_file", flags->addresses_file,
                  "Write the real addresses to this file as JSON once all is served");
}

absl::Status CheckDnsServers(const std::string& servers) {
  if (servers.empty()) return absl::OkStatus();
  for (const absl::string_view server : absl::StrSplit(servers, ',')) {
    if (net::IpAddress::Parse(server).ok() || net::SocketAddress::Parse(server).ok()) continue;
    return BadFlag("dns_servers", absl::StrCat("\"", server,
                                               "\" is not an address; give some like "
                                               "192.0.2.53,192.0.2.54:5353"));
  }
  return absl::OkStatus();
}

absl::Status Check(const Typed& typed, Flags* flags) {
  if (!absl::StartsWith(flags->grpc_address, "unix:")) {
    if (!net::SocketAddress::Parse(flags->grpc_address).ok()) {
      return BadFlag("grpc_address",
                     absl::StrCat("\"", flags->grpc_address,
                                  "\" is not an address; give IP:port like 127.0.0.1:50061, or "
                                  "unix:/path"));
    }
  } else if (flags->grpc_address == "unix:") {
    return BadFlag("grpc_address", "\"unix:\" has no path; give one like unix:/run/sipcm.sock");
  } else if (flags->grpc_address.size() - 5 > kMaxSocketPath) {
    return BadFlag("grpc_address", absl::StrCat("the path has ", flags->grpc_address.size() - 5,
                                                " bytes; a socket's has at most ", kMaxSocketPath));
  }
  absl::StatusOr<net::SocketAddress> admin = net::SocketAddress::Parse(typed.admin_address);
  if (!admin.ok()) {
    return BadFlag("admin_address", absl::StrCat("\"", typed.admin_address,
                                                 "\" is not an address; give IP:port like "
                                                 "127.0.0.1:9061"));
  }
  flags->admin_address = *admin;
  if (typed.workers < 1 || typed.workers > kMaxWorkers) {
    return BadFlag("workers", absl::StrCat(typed.workers, " is not in the range 1 to ", kMaxWorkers,
                                           "; leave it out for one per core"));
  }
  flags->workers = typed.workers;
  if (typed.log_format != "text" && typed.log_format != "json") {
    return BadFlag("log_format",
                   absl::StrCat("\"", typed.log_format, "\" is not known; give text or json"));
  }
  flags->log_format = typed.log_format == "json" ? LogFormat::kJson : LogFormat::kText;
  SIPCM_RETURN_IF_ERROR(CheckDnsServers(flags->dns_servers));
  static const auto* const levels =
      new std::map<std::string, LogLevel>{{"debug", LogLevel::kDebug},
                                          {"info", LogLevel::kInfo},
                                          {"warning", LogLevel::kWarning},
                                          {"error", LogLevel::kError}};
  const auto level = levels->find(typed.log_level);
  if (level == levels->end()) {
    return BadFlag(
        "log_level",
        absl::StrCat("\"", typed.log_level, "\" is not known; give debug, info, warning or error"));
  }
  flags->log_level = level->second;
  if (!absl::ParseDuration(typed.drain_timeout, &flags->drain_timeout) ||
      flags->drain_timeout < absl::ZeroDuration() || flags->drain_timeout > absl::Hours(24)) {
    return BadFlag("drain_timeout", absl::StrCat("\"", typed.drain_timeout,
                                                 "\" is not a duration from 0s to 24h; give one "
                                                 "like 30s or 2m"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Flags> ParseFlags(int argc, const char* const* argv, int cores) {
  CLI::App app("Connection manager for SIP over TCP, TLS and mutual TLS, served over gRPC.",
               "sipcm-server");
  Flags flags;
  Typed typed;
  typed.workers = std::clamp(cores, 1, kMaxWorkers);
  Declare(&app, &flags, &typed);
  // The library reports by exceptions; they end here.
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    flags.print_and_exit = app.help();
    return flags;
  } catch (const CLI::CallForVersion& version) {
    flags.print_and_exit = absl::StrCat(version.what(), "\n");
    return flags;
  } catch (const CLI::ParseError& error) {
    const std::string what = absl::StrReplaceAll(error.what(), {{"\n", " "}});
    return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_FIELD",
                     absl::StrCat(absl::StripAsciiWhitespace(what), "; --help lists the flags"));
  }
  SIPCM_RETURN_IF_ERROR(Check(typed, &flags));
  return flags;
}

}  // namespace sipcm::server
