#ifndef SIPCM_CORE_TLS_OPENSSL_SESSION_STATE_H_
#define SIPCM_CORE_TLS_OPENSSL_SESSION_STATE_H_

#include <string>

#include "core/tls/openssl/handle.h"

namespace sipcm::tls {

// What it takes to resume a TLS session, outside of OpenSSL's objects: those are marked unusable
// when their connection breaks, which is when resumption is wanted. Without the peer's certificate,
// which costs 4 KiB to keep and 0.3 ms to read. Some 200 bytes; secret, so it is wiped when it
// goes. Immutable; any thread.
class SessionState {
 public:
  explicit SessionState(const ssl_session_st& session);
  ~SessionState();
  SessionState(SessionState&& other) noexcept = default;
  SessionState& operator=(SessionState&& other) = delete;

  // A session of its own, to be given to OpenSSL.
  OpensslHandle<ssl_session_st> Restore() const;
  // Overwrites `session`, from which it was made: its peer goes.
  void RestoreInto(ssl_session_st* session) const;

 private:
  std::string der_;
};

// Under which a server finds its session again.
std::string IdOf(const ssl_session_st& session);

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_OPENSSL_SESSION_STATE_H_
