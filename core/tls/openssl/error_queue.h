#ifndef SIPCM_CORE_TLS_OPENSSL_ERROR_QUEUE_H_
#define SIPCM_CORE_TLS_OPENSSL_ERROR_QUEUE_H_

#include <string>

namespace sipcm::tls {

// Empties this thread's OpenSSL error queue and says its last entry in words ("no shared cipher"),
// or "unknown error". Call ClearOpensslErrors() before the operation whose errors are wanted: the
// queue is one per thread, not one per stream.
std::string TakeOpensslError();
void ClearOpensslErrors();

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_OPENSSL_ERROR_QUEUE_H_
