#include "server/config/descriptor_limit.h"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace sipcm::server {

absl::StatusOr<int64_t> RaiseDescriptorLimit(int64_t connection_count) {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit raised = limit;
    raised.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  const auto most = static_cast<int64_t>(
      std::min<rlim_t>(limit.rlim_cur, static_cast<rlim_t>(std::numeric_limits<int64_t>::max())));
  const int64_t needed = connection_count + kReservedDescriptors;
  if (most >= needed) return most;
  return MakeError(
      absl::StatusCode::kResourceExhausted, "FILE_DESCRIPTORS_EXHAUSTED",
      absl::StrCat("the limit of open files (RLIMIT_NOFILE) is ", most, ", and ", needed,
                   " are needed (", connection_count,
                   " connections by limits.max_connection_count ", "of the configured managers, ",
                   kReservedDescriptors,
                   " besides); raise it (ulimit -n, LimitNOFILE=), or lower the managers' limits"));
}

}  // namespace sipcm::server
