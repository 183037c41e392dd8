#ifndef SIPCM_CORE_TLS_OPENSSL_SESSION_STATE_H_
#define SIPCM_CORE_TLS_OPENSSL_SESSION_STATE_H_

#include <string>

#include "core/tls/openssl/handle.h"

namespace sipcm::tls {

// What it takes to resume a TLS session: a copy of OpenSSL's, because that one is marked unusable
// when its connection breaks, which is when resumption is wanted. Without the peer's certificate,
// which costs 4 KiB to keep. OpenSSL wipes it when it goes. Immutable; any thread.
class SessionState {
 public:
  explicit SessionState(const ssl_session_st& session);

  // A session of its own, to be given to OpenSSL.
  OpensslHandle<ssl_session_st> Restore() const;

 private:
  OpensslHandle<ssl_session_st> session_;
};

// The peer's certificate goes from a session that is in use.
void DropPeer(ssl_session_st* session);

// Under which a server finds its session again.
std::string IdOf(const ssl_session_st& session);

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_OPENSSL_SESSION_STATE_H_
