#ifndef SIPCM_SERVER_CONFIG_DESCRIPTOR_LIMIT_H_
#define SIPCM_SERVER_CONFIG_DESCRIPTOR_LIMIT_H_

#include <cstdint>

#include "absl/status/statusor.h"

namespace sipcm::server {

// Besides connections: listeners, loops, gRPC, logs.
inline constexpr int64_t kReservedDescriptors = 64;

// Raises the process's soft limit of file descriptors to its hard limit and answers it.
// RESOURCE_EXHAUSTED (FILE_DESCRIPTORS_EXHAUSTED) with the remedy when `connection_count` and what
// is needed besides do not fit: refusing at the start is better than at the peak (reliability 16).
absl::StatusOr<int64_t> RaiseDescriptorLimit(int64_t connection_count);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CONFIG_DESCRIPTOR_LIMIT_H_
