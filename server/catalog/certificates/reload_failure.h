#ifndef SIPCM_SERVER_CATALOG_CERTIFICATES_RELOAD_FAILURE_H_
#define SIPCM_SERVER_CATALOG_CERTIFICATES_RELOAD_FAILURE_H_

#include <string>

#include "absl/time/time.h"

namespace sipcm::server {

// How long after a failure the watched files of an object are read again though none of them
// changed: what failed may have passed (no descriptor left, a file system away for a moment).
constexpr absl::Duration kReloadAgainAfter = absl::Seconds(30);

// What the event says that tells the end of RELOAD_FAILED without a new version.
constexpr char kReloadFailureOver[] = "RELOAD_FAILED is over; the version in force is the same";

// Why the watched files of a certificate or trust bundle could not be taken.
struct ReloadFailure {
  std::string error;                     // empty: they could
  absl::Time at = absl::InfinitePast();  // wall time of the last try

  // A clock that was put back makes it due at once.
  bool IsDueAgain(absl::Time now) const {
    return !error.empty() && (now >= at + kReloadAgainAfter || now < at);
  }
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CATALOG_CERTIFICATES_RELOAD_FAILURE_H_
