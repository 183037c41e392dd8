#ifndef SIPCM_SERVER_CONFIG_FLAGS_H_
#define SIPCM_SERVER_CONFIG_FLAGS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/net/address.h"
#include "server/log/log_line.h"

namespace sipcm::server {

// The command line of sipcm-server, checked.
struct Flags {
  std::string grpc_address = "127.0.0.1:50061";  // or "unix:/path"
  net::SocketAddress admin_address;              // 127.0.0.1:9061
  std::string config_file;                       // empty: none
  int workers = 1;                               // 1 to 64
  LogFormat log_format = LogFormat::kText;
  LogLevel log_level = LogLevel::kInfo;
  absl::Duration drain_timeout = absl::Seconds(30);
  std::string addresses_file;  // empty: none
  std::string dns_servers;     // "192.0.2.53,[2001:db8::53]:5353"; empty: the system's
  // --help or --version: print this and end with 0.
  std::string print_and_exit;
};

// INVALID_ARGUMENT with one line that names the flag and the remedy. `cores` is the default of
// --workers.
absl::StatusOr<Flags> ParseFlags(int argc, const char* const* argv, int cores);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CONFIG_FLAGS_H_
