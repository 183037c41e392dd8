#include "core/tls/tls_context.h"

#include <openssl/ssl.h>

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/tls/certificate_chain.h"
#include "core/tls/openssl/error_queue.h"

namespace sipcm::tls {
namespace {

constexpr char kTls12Ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr char kTls13Ciphers[] =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr char kGroups[] = "X25519:P-256:P-384";
constexpr int kSecurityLevel = 2;
// Where OpenSSL stops reading: room for every chain that the verdict takes, with its framing.
constexpr long kMaxCertificateListBytes =  // NOLINT: OpenSSL's own type
    CertificateChain::kMaxPresentedBytes + 1024;

constexpr char kSessionContext[] = "sipcm";

SslOwner* OwnerOf(const SSL* ssl) { return static_cast<SslOwner*>(SSL_get_app_data(ssl)); }

int JudgePeer(X509_STORE_CTX* store_context, void* /*argument*/) {
  const auto* ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(store_context, SSL_get_ex_data_X509_STORE_CTX_idx()));
  return OwnerOf(ssl)->JudgePeer(store_context);
}

int OnNewSession(SSL* ssl, SSL_SESSION* session) {
  if (SslOwner* const owner = OwnerOf(ssl); owner != nullptr) owner->OnNewSession(*session);
  return 0;  // no reference was kept
}

// The certificate is that of the context.
int OnCertificateAsked(SSL* ssl, void* /*argument*/) {
  OwnerOf(ssl)->OnCertificateAsked();
  return 1;
}

SSL_SESSION* OnSessionWanted(SSL* ssl, const unsigned char* id, int size, int* keeps_reference) {
  *keeps_reference = 0;
  return OwnerOf(ssl)
      ->TakeUp({reinterpret_cast<const char*>(id), static_cast<size_t>(size)})
      .release();
}

// Sessions are kept by ourselves: OpenSSL's own cache keeps the peers' certificates with them.
void AllowResumption(SSL_CTX* native, int side) {
  SSL_CTX_set_session_cache_mode(native, side | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(native, OnNewSession);
  SSL_CTX_set_timeout(native, absl::ToInt64Seconds(SessionCache::kLifetime));
  if (side != SSL_SESS_CACHE_SERVER) return;
  SSL_CTX_sess_set_get_cb(native, OnSessionWanted);
  SSL_CTX_set_session_id_context(native, reinterpret_cast<const unsigned char*>(kSessionContext),
                                 sizeof(kSessionContext) - 1);
  // What a client gets of TLS 1.3 is then the id of a session, not the session.
  SSL_CTX_set_options(native, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(native, 1);
}

absl::StatusOr<OpensslHandle<ssl_ctx_st>> NewContext(const SSL_METHOD* method, int side) {
  ClearOpensslErrors();
  OpensslHandle<ssl_ctx_st> context(SSL_CTX_new(method));
  if (context == nullptr) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a TLS context cannot be made: ", TakeOpensslError()));
  }
  SSL_CTX* native = context.get();
  SSL_CTX_set_security_level(native, kSecurityLevel);
  const bool configured = SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) == 1 &&
                          SSL_CTX_set_max_proto_version(native, TLS1_3_VERSION) == 1 &&
                          SSL_CTX_set_cipher_list(native, kTls12Ciphers) == 1 &&
                          SSL_CTX_set_ciphersuites(native, kTls13Ciphers) == 1 &&
                          SSL_CTX_set1_groups_list(native, kGroups) == 1;
  if (!configured) {
    return absl::FailedPreconditionError(
        absl::StrCat("this OpenSSL lacks ciphers that TLS 1.2 and 1.3 need (", TakeOpensslError(),
                     "); use a build with ECDHE and AES-GCM"));
  }
  SSL_CTX_set_options(
      native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // A connection holds record buffers only while a record passes (performance.md 9).
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(native, 1);
  SSL_CTX_set_max_cert_list(native, kMaxCertificateListBytes);
  SSL_CTX_set_cert_verify_callback(native, JudgePeer, nullptr);
  AllowResumption(native, side);
  return context;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const ServerTlsContext>> ServerTlsContext::Create(
    std::shared_ptr<const Credential> credential, MutualTls mutual_tls, PeerPolicy peer_policy,
    const std::vector<std::shared_ptr<const Credential>>& additional, uint64_t generation) {
  if (credential == nullptr) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "CERTIFICATE_MISSING",
                     "a TLS listener needs a certificate with its private key; set one");
  }
  std::shared_ptr<ServerTlsContext> context(new ServerTlsContext);
  context->mutual_tls_ = mutual_tls;
  context->peer_policy_ = std::move(peer_policy);
  SIPCM_RETURN_IF_ERROR(context->AddPresentation(*credential, generation));
  for (const std::shared_ptr<const Credential>& other : additional) {
    SIPCM_RETURN_IF_ERROR(context->AddPresentation(*other, generation));
  }
  if (!additional.empty()) {
    SSL_CTX_set_tlsext_servername_callback(context->native(), OnServerName);
    SSL_CTX_set_tlsext_servername_arg(context->native(), context.get());
  }
  return std::shared_ptr<const ServerTlsContext>(std::move(context));
}

absl::Status ServerTlsContext::AddPresentation(const Credential& credential, uint64_t generation) {
  Presentation presentation;
  SIPCM_ASSIGN_OR_RETURN(presentation.native,
                         NewContext(TLS_server_method(), SSL_SESS_CACHE_SERVER));
  SIPCM_RETURN_IF_ERROR(credential.Install(presentation.native.get()));
  int mode = SSL_VERIFY_NONE;
  if (mutual_tls_ != MutualTls::kOff) mode = SSL_VERIFY_PEER;
  if (mutual_tls_ == MutualTls::kRequire) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  SSL_CTX_set_verify(presentation.native.get(), mode, nullptr);
  const PeerPolicy* judged = mutual_tls_ == MutualTls::kOff ? nullptr : &peer_policy_;
  presentation.versions =
      std::make_shared<const TlsVersions>(TlsVersions::Of(&credential, judged, generation));
  names_.Add(credential.certificates().front(), presentations_.size());
  presentations_.push_back(std::move(presentation));
  return absl::OkStatus();
}

// In a handshake, whose stream holds the context.
int ServerTlsContext::OnServerName(ssl_st* ssl, int* /*alert*/, void* context) {
  const auto* self = static_cast<const ServerTlsContext*>(context);
  const char* asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (asked == nullptr) return SSL_TLSEXT_ERR_NOACK;
  const std::optional<size_t> index = self->names_.Find(asked);
  // RFC 6066 3 advises against refusing an unknown name: the default is presented.
  if (!index.has_value()) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_SSL_CTX(ssl, self->presentations_[*index].native.get());
  return SSL_TLSEXT_ERR_OK;
}

std::shared_ptr<const TlsVersions> ServerTlsContext::VersionsOf(const ssl_ctx_st* native) const {
  for (const Presentation& presentation : presentations_) {
    if (presentation.native.get() == native) return presentation.versions;
  }
  return presentations_.front().versions;
}

absl::StatusOr<std::shared_ptr<const ClientTlsContext>> ClientTlsContext::Create(
    PeerPolicy peer_policy, const std::shared_ptr<const Credential>& credential,
    uint64_t generation) {
  std::shared_ptr<ClientTlsContext> context(new ClientTlsContext);
  SIPCM_ASSIGN_OR_RETURN(context->native_, NewContext(TLS_client_method(), SSL_SESS_CACHE_CLIENT));
  if (credential != nullptr) {
    SIPCM_RETURN_IF_ERROR(credential->Install(context->native_.get()));
  }
  context->peer_policy_ = std::move(peer_policy);
  context->versions_ = std::make_shared<const TlsVersions>(
      TlsVersions::Of(credential.get(), &context->peer_policy_, generation));
  SSL_CTX_set_verify(context->native_.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_cb(context->native_.get(), OnCertificateAsked, nullptr);
  return std::shared_ptr<const ClientTlsContext>(std::move(context));
}

}  // namespace sipcm::tls
