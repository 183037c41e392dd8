#include "core/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace sipcm {

void FailCheck(const char* file, int line, const char* condition, const char* message) {
  std::fprintf(stderr, "%s:%d: CHECK failed: %s%s%s\n", file, line, condition,
               *message != '\0' ? ": " : "", message);
  std::abort();
}

}  // namespace sipcm
