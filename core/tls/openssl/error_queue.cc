#include "core/tls/openssl/error_queue.h"

#include <openssl/err.h>

namespace sipcm::tls {

std::string TakeOpensslError() {
  const unsigned long code = ERR_peek_last_error();  // NOLINT: OpenSSL's own type
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown error" : reason;
}

void ClearOpensslErrors() { ERR_clear_error(); }

}  // namespace sipcm::tls
