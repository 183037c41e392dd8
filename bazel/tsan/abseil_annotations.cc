// Tells ThreadSanitizer about Abseil's locks.
//
// The system's Abseil is not instrumented, so ThreadSanitizer does not see its mutexes order
// anything and would report a race for every member they guard. The linker's --wrap leads the
// calls of our code through here, where each is put between the sanitizer's annotations.
#include <sanitizer/tsan_interface.h>

#include <cstdint>

#include "absl/status/status.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

#define ABSEIL(symbol) _ZN4absl7debian3##symbol
#define ABSEIL_CONST(symbol) _ZNK4absl7debian3##symbol
#define REAL(symbol) __real_##symbol
#define WRAP(symbol) __wrap_##symbol
#define REAL_OF(symbol) REAL(symbol)
#define WRAP_OF(symbol) WRAP(symbol)

// Defines the wrapper of `symbol` with the parameters in parentheses `params`; the body may call
// `real`.
#define WRAPPER(result, symbol, params)     \
  extern "C" result REAL_OF(symbol) params; \
  extern "C" result WRAP_OF(symbol) params; \
  extern "C" result WRAP_OF(symbol)         \
  params

namespace {

using ::absl::BlockingCounter;
using ::absl::Condition;
using ::absl::CondVar;
using ::absl::Duration;
using ::absl::Mutex;
using ::absl::Notification;
using ::absl::Time;

// Everything from construction to destruction is the library's and not checked.
class Acquiring {
 public:
  explicit Acquiring(Mutex* mutex, unsigned flags = 0) : mutex_(mutex), flags_(flags) {
    __tsan_mutex_pre_lock(mutex_, flags_);
  }
  ~Acquiring() { __tsan_mutex_post_lock(mutex_, flags_, 0); }

  void set_failed() { flags_ |= __tsan_mutex_try_lock_failed; }

 private:
  Mutex* const mutex_;
  unsigned flags_;
};

class Releasing {
 public:
  explicit Releasing(Mutex* mutex, unsigned flags = 0) : mutex_(mutex), flags_(flags) {
    __tsan_mutex_pre_unlock(mutex_, flags_);
  }
  ~Releasing() { __tsan_mutex_post_unlock(mutex_, flags_); }

 private:
  Mutex* const mutex_;
  const unsigned flags_;
};

void Release(Mutex* mutex) { Releasing releasing(mutex); }

// HasBeenNotified() is inline and reads the flag behind the mutex: that is the address to order on.
void* FlagOf(const Notification* notification) {
  return reinterpret_cast<char*>(const_cast<Notification*>(notification)) + sizeof(Mutex);
}

}  // namespace

#define MUTEX_DESTROY ABSEIL(5MutexD1Ev)
#define MUTEX_LOCK ABSEIL(5Mutex4LockEv)
#define MUTEX_UNLOCK ABSEIL(5Mutex6UnlockEv)
#define MUTEX_TRY_LOCK ABSEIL(5Mutex7TryLockEv)
#define MUTEX_READER_LOCK ABSEIL(5Mutex10ReaderLockEv)
#define MUTEX_READER_UNLOCK ABSEIL(5Mutex12ReaderUnlockEv)
#define MUTEX_LOCK_WHEN ABSEIL(5Mutex8LockWhenERKNS0_9ConditionE)
#define MUTEX_AWAIT ABSEIL(5Mutex5AwaitERKNS0_9ConditionE)
#define MUTEX_AWAIT_TIMEOUT ABSEIL(5Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE)
#define MUTEX_AWAIT_DEADLINE ABSEIL(5Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE)
#define COND_VAR_WAIT ABSEIL(7CondVar4WaitEPNS0_5MutexE)
#define COND_VAR_WAIT_TIMEOUT ABSEIL(7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE)
#define COND_VAR_WAIT_DEADLINE ABSEIL(7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE)
#define NOTIFICATION_NOTIFY ABSEIL(12Notification6NotifyEv)
#define NOTIFICATION_WAIT ABSEIL_CONST(12Notification19WaitForNotificationEv)
#define NOTIFICATION_WAIT_TIMEOUT \
  ABSEIL_CONST(12Notification30WaitForNotificationWithTimeoutENS0_8DurationE)
#define NOTIFICATION_WAIT_DEADLINE \
  ABSEIL_CONST(12Notification31WaitForNotificationWithDeadlineENS0_4TimeE)
#define COUNTER_DECREMENT ABSEIL(15BlockingCounter14DecrementCountEv)
#define COUNTER_WAIT ABSEIL(15BlockingCounter4WaitEv)
#define STATUS_UNREF ABSEIL(6Status15UnrefNonInlinedEm)

WRAPPER(void, MUTEX_DESTROY, (Mutex * mutex)) {
  __tsan_mutex_destroy(mutex, 0);
  REAL_OF(MUTEX_DESTROY)(mutex);
}

WRAPPER(void, MUTEX_LOCK, (Mutex * mutex)) {
  Acquiring acquiring(mutex);
  REAL_OF(MUTEX_LOCK)(mutex);
}

WRAPPER(void, MUTEX_UNLOCK, (Mutex * mutex)) {
  Releasing releasing(mutex);
  REAL_OF(MUTEX_UNLOCK)(mutex);
}

WRAPPER(bool, MUTEX_TRY_LOCK, (Mutex * mutex)) {
  Acquiring acquiring(mutex, __tsan_mutex_try_lock);
  const bool locked = REAL_OF(MUTEX_TRY_LOCK)(mutex);
  if (!locked) acquiring.set_failed();
  return locked;
}

WRAPPER(void, MUTEX_READER_LOCK, (Mutex * mutex)) {
  Acquiring acquiring(mutex, __tsan_mutex_read_lock);
  REAL_OF(MUTEX_READER_LOCK)(mutex);
}

WRAPPER(void, MUTEX_READER_UNLOCK, (Mutex * mutex)) {
  Releasing releasing(mutex, __tsan_mutex_read_lock);
  REAL_OF(MUTEX_READER_UNLOCK)(mutex);
}

WRAPPER(void, MUTEX_LOCK_WHEN, (Mutex * mutex, const Condition& condition)) {
  Acquiring acquiring(mutex);
  REAL_OF(MUTEX_LOCK_WHEN)(mutex, condition);
}

WRAPPER(void, MUTEX_AWAIT, (Mutex * mutex, const Condition& condition)) {
  Release(mutex);
  Acquiring acquiring(mutex);
  REAL_OF(MUTEX_AWAIT)(mutex, condition);
}

WRAPPER(bool, MUTEX_AWAIT_TIMEOUT, (Mutex * mutex, const Condition& condition, Duration timeout)) {
  Release(mutex);
  Acquiring acquiring(mutex);
  return REAL_OF(MUTEX_AWAIT_TIMEOUT)(mutex, condition, timeout);
}

WRAPPER(bool, MUTEX_AWAIT_DEADLINE, (Mutex * mutex, const Condition& condition, Time deadline)) {
  Release(mutex);
  Acquiring acquiring(mutex);
  return REAL_OF(MUTEX_AWAIT_DEADLINE)(mutex, condition, deadline);
}

WRAPPER(void, COND_VAR_WAIT, (CondVar * condition, Mutex* mutex)) {
  Release(mutex);
  Acquiring acquiring(mutex);
  REAL_OF(COND_VAR_WAIT)(condition, mutex);
}

WRAPPER(bool, COND_VAR_WAIT_TIMEOUT, (CondVar * condition, Mutex* mutex, Duration timeout)) {
  Release(mutex);
  Acquiring acquiring(mutex);
  return REAL_OF(COND_VAR_WAIT_TIMEOUT)(condition, mutex, timeout);
}

WRAPPER(bool, COND_VAR_WAIT_DEADLINE, (CondVar * condition, Mutex* mutex, Time deadline)) {
  Release(mutex);
  Acquiring acquiring(mutex);
  return REAL_OF(COND_VAR_WAIT_DEADLINE)(condition, mutex, deadline);
}

WRAPPER(void, NOTIFICATION_NOTIFY, (Notification * notification)) {
  __tsan_release(FlagOf(notification));
  REAL_OF(NOTIFICATION_NOTIFY)(notification);
}

WRAPPER(void, NOTIFICATION_WAIT, (const Notification* notification)) {
  REAL_OF(NOTIFICATION_WAIT)(notification);
  __tsan_acquire(FlagOf(notification));
}

WRAPPER(bool, NOTIFICATION_WAIT_TIMEOUT, (const Notification* notification, Duration timeout)) {
  const bool notified = REAL_OF(NOTIFICATION_WAIT_TIMEOUT)(notification, timeout);
  if (notified) __tsan_acquire(FlagOf(notification));
  return notified;
}

WRAPPER(bool, NOTIFICATION_WAIT_DEADLINE, (const Notification* notification, Time deadline)) {
  const bool notified = REAL_OF(NOTIFICATION_WAIT_DEADLINE)(notification, deadline);
  if (notified) __tsan_acquire(FlagOf(notification));
  return notified;
}

WRAPPER(bool, COUNTER_DECREMENT, (BlockingCounter * counter)) {
  __tsan_release(counter);
  return REAL_OF(COUNTER_DECREMENT)(counter);
}

WRAPPER(void, COUNTER_WAIT, (BlockingCounter * counter)) {
  REAL_OF(COUNTER_WAIT)(counter);
  __tsan_acquire(counter);
}

// The last of several owners frees the payload, after atomics that are the library's.
WRAPPER(void, STATUS_UNREF, (uintptr_t payload)) {
  __tsan_release(reinterpret_cast<void*>(payload));
  __tsan_acquire(reinterpret_cast<void*>(payload));
  REAL_OF(STATUS_UNREF)(payload);
}
