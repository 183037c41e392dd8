#ifndef SIPCM_CORE_TLS_TLS_CONTEXT_H_
#define SIPCM_CORE_TLS_TLS_CONTEXT_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/tls/credential.h"
#include "core/tls/openssl/handle.h"
#include "core/tls/peer_policy.h"
#include "core/tls/server_names.h"
#include "core/tls/sessions/session_cache.h"
#include "core/tls/tls_versions.h"

struct x509_store_ctx_st;

namespace sipcm::tls {

// Both contexts: TLS 1.2 and 1.3, ephemeral elliptic curves with AEAD ciphers, security level 2
// (RSA 2048 and better); no renegotiation, no compression, no ALPN, a peer's certificates bounded
// to 16 KiB. Sessions may be resumed, never with early data: of a server from its SessionCache, of
// a client those that it is given to offer; whoever resumes is judged again. Immutable but for that
// cache and shared by handshakes, without another lock; any thread. To change policy or
// certificate, make another one: handshakes that began with the old one end with it, and none of
// its sessions is taken up any more. After its handshake a stream keeps of it only what OpenSSL
// needs, and its TlsVersions.

// Whom OpenSSL asks about a connection: the app data of every SSL that is made from a context.
class SslOwner {
 public:
  // Once in a full handshake, with OpenSSL's store context, when the peer's certificates are there;
  // 1 lets the peer in.
  virtual int JudgePeer(x509_store_ctx_st* store_context) = 0;
  // Of a server, in a handshake: the session that the client wants to go on with; null: there is to
  // be a full handshake.
  virtual OpensslHandle<ssl_session_st> TakeUp(absl::string_view session_id) = 0;
  // Of a client, in a full handshake: the server asks for our certificate.
  virtual void OnCertificateAsked() = 0;
  // One that may be resumed; a client of TLS 1.3 gets it after its handshake.
  virtual void OnNewSession(const ssl_session_st& session) = 0;

 protected:
  ~SslOwner() = default;
};

// What a listener asks of the clients.
enum class MutualTls : unsigned char {
  kOff,      // no certificate is asked for
  kRequest,  // asked for; a client that presents none is let in unverified, one that presents a
             // certificate that the policy refuses is refused
  kRequire,  // one that satisfies the policy, or no connection
};

class ServerTlsContext {
 public:
  // FAILED_PRECONDITION when there is no credential (reason CERTIFICATE_MISSING). `additional` ones
  // are presented to clients that ask for one of their names (ServerNames); `credential` to all
  // others. `generation` as in TlsVersions.
  static absl::StatusOr<std::shared_ptr<const ServerTlsContext>> Create(
      std::shared_ptr<const Credential> credential, MutualTls mutual_tls, PeerPolicy peer_policy,
      const std::vector<std::shared_ptr<const Credential>>& additional = {},
      uint64_t generation = 0);

  MutualTls mutual_tls() const { return mutual_tls_; }
  const PeerPolicy& peer_policy() const { return peer_policy_; }
  // For core/tls: what clients may resume; where a handshake begins, and the versions of the one
  // that it ended with.
  SessionCache& sessions() const { return *sessions_; }
  ssl_ctx_st* native() const { return presentations_.front().native.get(); }
  std::shared_ptr<const TlsVersions> VersionsOf(const ssl_ctx_st* native) const;

 private:
  // One of our certificates, ready to be presented.
  struct Presentation {
    OpensslHandle<ssl_ctx_st> native;
    std::shared_ptr<const TlsVersions> versions;
  };
  ServerTlsContext() = default;
  absl::Status AddPresentation(const Credential& credential, uint64_t generation);
  static int OnServerName(ssl_st* ssl, int* alert, void* context);

  MutualTls mutual_tls_ = MutualTls::kOff;
  PeerPolicy peer_policy_;
  std::vector<Presentation> presentations_;  // the default one first
  ServerNames names_;
  const std::unique_ptr<SessionCache> sessions_ = std::make_unique<SessionCache>();
};

class ClientTlsContext {
 public:
  // The server's certificate is always verified by `peer_policy`. `credential` may be null: then no
  // certificate is presented to a server that asks.
  static absl::StatusOr<std::shared_ptr<const ClientTlsContext>> Create(
      PeerPolicy peer_policy, const std::shared_ptr<const Credential>& credential,
      uint64_t generation = 0);

  const PeerPolicy& peer_policy() const { return peer_policy_; }
  const std::shared_ptr<const TlsVersions>& versions() const { return versions_; }
  ssl_ctx_st* native() const { return native_.get(); }  // for core/tls

 private:
  ClientTlsContext() = default;

  std::shared_ptr<const TlsVersions> versions_;
  PeerPolicy peer_policy_;
  OpensslHandle<ssl_ctx_st> native_;
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_TLS_CONTEXT_H_
