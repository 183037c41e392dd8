#ifndef SIPCM_CORE_TLS_TLS_CONTEXT_H_
#define SIPCM_CORE_TLS_TLS_CONTEXT_H_

#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "core/tls/credential.h"
#include "core/tls/openssl/handle.h"
#include "core/tls/peer_policy.h"

struct x509_store_ctx_st;

namespace sipcm::tls {

// Both contexts: TLS 1.2 and 1.3, ephemeral elliptic curves with AEAD ciphers, security level 2
// (RSA 2048 and better); no renegotiation, no compression, no ALPN, a peer's certificates bounded
// to 16 KiB. No resumption yet, so that every connection is judged by a full handshake.
// Immutable and shared by streams; any thread. To change policy or certificate, make another one:
// streams that began with the old one keep it.

// How a stream judges its peer: called once in a handshake, with OpenSSL's store context, when the
// peer's certificates are there; 1 lets the peer in. Every SSL made from a context has a pointer to
// one as its app data until its handshake is done.
using PeerJudge = absl::AnyInvocable<int(x509_store_ctx_st* store_context)>;

// What a listener asks of the clients.
enum class MutualTls : unsigned char {
  kOff,      // no certificate is asked for
  kRequest,  // asked for; a client that presents none is let in unverified, one that presents a
             // certificate that the policy refuses is refused
  kRequire,  // one that satisfies the policy, or no connection
};

class ServerTlsContext {
 public:
  // FAILED_PRECONDITION when there is no credential (reason CERTIFICATE_MISSING).
  static absl::StatusOr<std::shared_ptr<const ServerTlsContext>> Create(
      std::shared_ptr<const Credential> credential, MutualTls mutual_tls, PeerPolicy peer_policy);

  const Credential& credential() const { return *credential_; }
  MutualTls mutual_tls() const { return mutual_tls_; }
  const PeerPolicy& peer_policy() const { return peer_policy_; }
  ssl_ctx_st* native() const { return native_.get(); }  // for core/tls

 private:
  ServerTlsContext() = default;

  std::shared_ptr<const Credential> credential_;
  MutualTls mutual_tls_ = MutualTls::kOff;
  PeerPolicy peer_policy_;
  OpensslHandle<ssl_ctx_st> native_;
};

class ClientTlsContext {
 public:
  // The server's certificate is always verified by `peer_policy`. `credential` may be null: then no
  // certificate is presented to a server that asks.
  static absl::StatusOr<std::shared_ptr<const ClientTlsContext>> Create(
      PeerPolicy peer_policy, std::shared_ptr<const Credential> credential);

  const Credential* credential() const { return credential_.get(); }  // null: presents none
  const PeerPolicy& peer_policy() const { return peer_policy_; }
  ssl_ctx_st* native() const { return native_.get(); }  // for core/tls

 private:
  ClientTlsContext() = default;

  std::shared_ptr<const Credential> credential_;
  PeerPolicy peer_policy_;
  OpensslHandle<ssl_ctx_st> native_;
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_TLS_CONTEXT_H_
