#ifndef SIPCM_CORE_BASE_STATUS_MACROS_H_
#define SIPCM_CORE_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Debian's Abseil (20220623) has no status macros of its own.

// Returns from the enclosing function when `expression` is not OK.
#define SIPCM_RETURN_IF_ERROR(expression)                               \
  do {                                                                  \
    if (absl::Status sipcm_status = (expression); !sipcm_status.ok()) { \
      return sipcm_status;                                              \
    }                                                                   \
  } while (false)

#define SIPCM_MACRO_CONCAT_INNER(a, b) a##b
#define SIPCM_MACRO_CONCAT(a, b) SIPCM_MACRO_CONCAT_INNER(a, b)

// Declares or assigns `target` from a StatusOr, or returns its status.
#define SIPCM_ASSIGN_OR_RETURN(target, expression) \
  SIPCM_ASSIGN_OR_RETURN_INNER(SIPCM_MACRO_CONCAT(sipcm_status_or, __LINE__), target, expression)
#define SIPCM_ASSIGN_OR_RETURN_INNER(temporary, target, expression) \
  auto temporary = (expression);                                    \
  if (!temporary.ok()) return std::move(temporary).status();        \
  target = *std::move(temporary)

#endif  // SIPCM_CORE_BASE_STATUS_MACROS_H_
