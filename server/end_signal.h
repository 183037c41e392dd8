#ifndef SIPCM_SERVER_END_SIGNAL_H_
#define SIPCM_SERVER_END_SIGNAL_H_

#include "absl/time/time.h"

namespace sipcm::server {

// SIGTERM and SIGINT as events of the main thread. Make it first in main(): it blocks them in all
// threads that come later, and ignores SIGPIPE.
class EndSignal {
 public:
  EndSignal();
  // Waits at most `timeout`. The signal, or 0.
  int Wait(absl::Duration timeout);
  // From now on the next signal ends the process at once, without ceremony (exit code 1).
  void ExitOnNext();
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_END_SIGNAL_H_
