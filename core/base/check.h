#ifndef SIPCM_CORE_BASE_CHECK_H_
#define SIPCM_CORE_BASE_CHECK_H_

// CHECK for invariants of our own. A peer's or a user's fault is never checked: it is handled,
// counted and told (architecture.md 6.5). Active in every build mode, because a broken invariant
// in production is worth a restart more than a wrong answer.

namespace sipcm {

// Writes "file:line: CHECK failed: condition (message)" to standard error and aborts.
[[noreturn]] void FailCheck(const char* file, int line, const char* condition, const char* message);

}  // namespace sipcm

#define SIPCM_CHECK(condition) SIPCM_CHECK_MESSAGE(condition, "")
#define SIPCM_CHECK_MESSAGE(condition, message)                    \
  do {                                                             \
    if (!(condition)) [[unlikely]] {                               \
      ::sipcm::FailCheck(__FILE__, __LINE__, #condition, message); \
    }                                                              \
  } while (false)

// Where control cannot come: behind a switch over all enumerators.
#define SIPCM_UNREACHABLE(message) ::sipcm::FailCheck(__FILE__, __LINE__, "unreachable", message)

#endif  // SIPCM_CORE_BASE_CHECK_H_
