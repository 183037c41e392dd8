#ifndef SIPCM_SERVER_STORE_FILE_TEXT_H_
#define SIPCM_SERVER_STORE_FILE_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace sipcm::server {

// The whole content of a file. FAILED_PRECONDITION (FILE_UNREADABLE) with the path and the system's
// reason, also for folders, devices, pipes and for more than `most` bytes. Waits for no writer.
absl::StatusOr<std::string> ReadFileText(const std::string& path, size_t most);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_STORE_FILE_TEXT_H_
