#include "core/event/libevent_loop.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <ctime>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/error.h"

namespace sipcm::event {
namespace {

Instant ReadClock() {
  timespec now;
  SIPCM_CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
  return Instant::FromNanoseconds(int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec);
}

absl::Status CannotCreate(int error) {
  const bool is_descriptors = error == EMFILE || error == ENFILE;
  return MakeError(
      absl::StatusCode::kResourceExhausted,
      is_descriptors ? "FILE_DESCRIPTORS_EXHAUSTED" : "MEMORY_LIMIT",
      absl::StrCat("cannot create an event loop: ", std::generic_category().message(error),
                   is_descriptors ? "; raise the limit on open files (ulimit -n, LimitNOFILE)"
                                  : "; raise the limit on the memory of this process"));
}

}  // namespace

struct LibeventLoop::Events {
  struct event_base* base = nullptr;
  struct event wake;
  struct event timer;
};

// One libevent event per descriptor, for both directions: half the memory of two.
class LibeventLoop::Watch final : public FdWatch {
 public:
  Watch(LibeventLoop* loop, int fd, FdListener* listener) : loop_(loop), listener_(listener) {
    SIPCM_CHECK(event_assign(&event_, loop_->events_->base, fd, 0, &OnEvent, this) == 0);
    ++loop_->watch_count_;
  }

  ~Watch() override {
    if (interest() != 0) event_del(&event_);
    if (loop_->calling_ == this) loop_->calling_ = nullptr;
    --loop_->watch_count_;
  }

  void SetInterest(bool readable, bool writable) override {
    const int wanted = (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0);
    if (wanted == interest()) return;
    if (interest() != 0) event_del(&event_);
    const short flags = static_cast<short>(wanted == 0 ? 0 : wanted | EV_PERSIST);
    SIPCM_CHECK(event_assign(&event_, loop_->events_->base, event_get_fd(&event_), flags, &OnEvent,
                             this) == 0);
    if (wanted == 0) return;
    SIPCM_CHECK_MESSAGE(event_add(&event_, nullptr) == 0, "cannot watch a descriptor");
  }

 private:
  static void OnEvent(int /*fd*/, short what, void* argument) {
    Watch* const watch = static_cast<Watch*>(argument);
    LibeventLoop* const loop = watch->loop_;
    loop->calling_ = watch;
    if ((what & watch->interest() & EV_READ) != 0) watch->listener_->OnFdReadable();
    if (loop->calling_ != nullptr && (what & watch->interest() & EV_WRITE) != 0) {
      watch->listener_->OnFdWritable();
    }
    loop->calling_ = nullptr;
  }

  // EV_READ and EV_WRITE; the event says it, and the descriptor too: there are as many of these as
  // connections.
  int interest() const { return event_get_events(&event_) & (EV_READ | EV_WRITE); }

  LibeventLoop* const loop_;
  FdListener* const listener_;
  struct event event_;
};

absl::StatusOr<std::unique_ptr<LibeventLoop>> LibeventLoop::Create() {
  auto events = std::make_unique<Events>();
  errno = ENOMEM;  // for what fails without saying why
  struct event_config* const config = event_config_new();
  if (config != nullptr) {
    // Only this loop's thread enters libevent: other threads come through the mailbox.
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
    event_config_require_features(config, EV_FEATURE_ET);
    events->base = event_base_new_with_config(config);
    event_config_free(config);
  }
  if (events->base == nullptr) return CannotCreate(errno);
  const int wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake_fd < 0) {
    const int error = errno;
    event_base_free(events->base);
    return CannotCreate(error);
  }
  return std::unique_ptr<LibeventLoop>(new LibeventLoop(std::move(events), wake_fd));
}

LibeventLoop::LibeventLoop(std::unique_ptr<Events> events, int wake_fd)
    : events_(std::move(events)), wake_fd_(wake_fd) {
  // Edge-triggered: each write to the eventfd is an edge, so it need not be read back, which saves
  // one system call per wake-up.
  SIPCM_CHECK(event_assign(&events_->wake, events_->base, wake_fd_, EV_READ | EV_ET | EV_PERSIST,
                           &OnWake, this) == 0);
  SIPCM_CHECK(event_add(&events_->wake, nullptr) == 0);
  SIPCM_CHECK(evtimer_assign(&events_->timer, events_->base, &OnTimer, this) == 0);
}

LibeventLoop::~LibeventLoop() {
  thread_.AssertHeld();
  SIPCM_CHECK_MESSAGE(!running_, "the loop is destroyed while it runs");
  // A task's destructor may post or add again.
  while (!mailbox_.empty() || !turn_end_.empty()) {
    mailbox_.Clear();
    turn_end_.Clear();
  }
  SIPCM_CHECK_MESSAGE(watch_count_ == 0, "a watch outlives its loop");
  event_del(&events_->wake);
  event_del(&events_->timer);
  event_base_free(events_->base);
  close(wake_fd_);
}

void LibeventLoop::Run() {
  thread_.BindToCurrent();
  thread_.AssertHeld();
  SIPCM_CHECK_MESSAGE(!running_, "the loop runs already");
  running_ = true;
  while (running_) RunTurn();
  awake_.store(false);
  thread_.Unbind();
}

void LibeventLoop::Stop() {
  Post([this] {
    thread_.AssertHeld();
    running_ = false;
  });
}

void LibeventLoop::RunTurn() {
  Poll();
  mailbox_.RunWaiting();
  if (!alarms_.earliest_bound().is_infinite()) alarms_.RunDue(Now());
  turn_end_.RunAll();
  in_turn_ = false;
}

void LibeventLoop::Poll() {
  bool busy = PrepareWait();
  if (!busy) {
    // Who posts from now on wakes us; what was posted before is seen here.
    awake_.store(false);
    busy = !mailbox_.empty();
  }
  in_turn_ = true;
  now_is_read_ = false;
  const int flags = busy ? EVLOOP_ONCE | EVLOOP_NONBLOCK : EVLOOP_ONCE;
  SIPCM_CHECK_MESSAGE(event_base_loop(events_->base, flags) >= 0, "epoll failed");
  awake_.store(true);
}

bool LibeventLoop::PrepareWait() {
  if (!mailbox_.empty() || !turn_end_.empty()) return true;
  const Instant earliest = alarms_.earliest_bound();
  if (earliest == timer_deadline_) return false;
  if (earliest.is_infinite()) {
    event_del(&events_->timer);
  } else {
    const absl::Duration wait = earliest - ReadClock();
    if (wait <= absl::ZeroDuration()) return true;
    const timeval timeout = absl::ToTimeval(absl::Ceil(wait, absl::Microseconds(1)));
    SIPCM_CHECK(event_add(&events_->timer, &timeout) == 0);
  }
  timer_deadline_ = earliest;
  return false;
}

// The mailbox is looked into in each turn.
void LibeventLoop::OnWake(int /*fd*/, short /*what*/, void* /*loop*/) {}

void LibeventLoop::OnTimer(int /*fd*/, short /*what*/, void* argument) {
  // The turn looks at the alarms anyway. libevent's clock is coarse: when this came a little
  // early, the rest is waited for in the next turn.
  LibeventLoop* const loop = static_cast<LibeventLoop*>(argument);
  loop->thread_.AssertHeld();
  loop->timer_deadline_ = Instant::Infinite();
}

Instant LibeventLoop::Now() const {
  thread_.AssertHeld();
  if (!in_turn_) return ReadClock();
  if (!now_is_read_) {
    now_ = ReadClock();
    now_is_read_ = true;
  }
  return now_;
}

std::unique_ptr<Alarm> LibeventLoop::NewAlarm(absl::AnyInvocable<void()> callback) {
  thread_.AssertHeld();
  return alarms_.NewAlarm(std::move(callback));
}

void LibeventLoop::AtTurnEnd(absl::AnyInvocable<void()> task) {
  thread_.AssertHeld();
  turn_end_.Add(std::move(task));
}

void LibeventLoop::Post(absl::AnyInvocable<void()> task) {
  const bool was_empty = mailbox_.Put(std::move(task));
  if (!was_empty || awake_.load() || thread_.IsBoundToCurrent()) return;
  const uint64_t one = 1;
  // Fails only when the counter is full, and then the loop is awake or about to be.
  [[maybe_unused]] const ssize_t written = write(wake_fd_, &one, sizeof(one));
}

std::unique_ptr<FdWatch> LibeventLoop::WatchFd(int fd, FdListener* listener) {
  thread_.AssertHeld();
  return std::make_unique<Watch>(this, fd, listener);
}

}  // namespace sipcm::event
