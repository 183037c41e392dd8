#ifndef SIPCM_SERVER_CONFIG_CONFIG_FILE_H_
#define SIPCM_SERVER_CONFIG_CONFIG_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/sipcm/v1/config.pb.h"
#include "server/catalog/catalogs.h"

namespace sipcm::server {

// Reads --config=FILE: a sipcm.v1.Config in JSON. Certificate, key and trust bundle files are
// relative to the file's folder; their names come out absolute. Every refusal is one line that
// begins with the file and names the field: unknown fields and values, unreadable files.
absl::StatusOr<sipcm::v1::Config> ReadConfigFile(const std::string& path);

// Checks all of `config` and puts it in force, but starts no listener: nothing has been served, so
// a refusal leaves nothing behind but a process that should end. The refusal names the field:
// "connection_managers[0].listen_addresses[1].port". For catalogues that are still empty.
absl::Status ApplyConfig(const sipcm::v1::Config& config, Catalogs* catalogs);

// The connections that the managers are configured to hold at most, 0 when none says so.
int64_t ConfiguredConnectionCount(const sipcm::v1::Config& config);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CONFIG_CONFIG_FILE_H_
