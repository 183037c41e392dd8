#include "server/end_signal.h"

#include <unistd.h>

#include <csignal>
#include <ctime>
#include <thread>

namespace sipcm::server {
namespace {

sigset_t EndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

EndSignal::EndSignal() {
  const sigset_t signals = EndSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

int EndSignal::Wait(absl::Duration timeout) {
  const sigset_t signals = EndSignals();
  const timespec limit = absl::ToTimespec(timeout);
  const int received = sigtimedwait(&signals, nullptr, &limit);
  return received > 0 ? received : 0;
}

void EndSignal::ExitOnNext() {
  std::thread([] {
    const sigset_t signals = EndSignals();
    int received = 0;
    sigwait(&signals, &received);
    _exit(1);
  }).detach();
}

}  // namespace sipcm::server
