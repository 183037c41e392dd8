#include "core/tls/openssl/session_state.h"

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include <cstddef>

#include "core/base/check.h"

namespace sipcm::tls {
namespace {

// Of the peer's certificate in OpenSSL's encoding of a session, a SEQUENCE.
constexpr int kPeerTag = 3;

// The elements of the SEQUENCE `der` but the peer, as a SEQUENCE again.
std::string WithoutPeer(const unsigned char* der, long size) {  // NOLINT: OpenSSL's type
  long length = 0;                                              // NOLINT
  int tag = 0;
  int tag_class = 0;
  const unsigned char* at = der;
  SIPCM_CHECK((ASN1_get_object(&at, &length, &tag, &tag_class, size) & 0x80) == 0);
  const unsigned char* const end = at + length;
  std::string body;
  body.reserve(static_cast<size_t>(length));  // so that no copy is left behind
  while (at < end) {
    const unsigned char* const element = at;
    SIPCM_CHECK((ASN1_get_object(&at, &length, &tag, &tag_class, end - at) & 0x80) == 0);
    at += length;
    if (tag_class == V_ASN1_CONTEXT_SPECIFIC && tag == kPeerTag) continue;
    body.append(reinterpret_cast<const char*>(element), static_cast<size_t>(at - element));
  }
  const int body_size = static_cast<int>(body.size());
  std::string whole(static_cast<size_t>(ASN1_object_size(1, body_size, V_ASN1_SEQUENCE)), '\0');
  auto* out = reinterpret_cast<unsigned char*>(whole.data());
  ASN1_put_object(&out, 1, body_size, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
  body.copy(reinterpret_cast<char*>(out), body.size());
  OPENSSL_cleanse(body.data(), body.size());
  return whole;
}

// Overwrites `into`, or makes another session when that is null, with `session` without its peer:
// there is no call that takes it out of one.
ssl_session_st* CopyWithoutPeer(const ssl_session_st& session, ssl_session_st* into) {
  unsigned char* der = nullptr;
  const int size = i2d_SSL_SESSION(&session, &der);
  SIPCM_CHECK_MESSAGE(size > 0, "a session without its cipher");
  std::string without = WithoutPeer(der, size);
  OPENSSL_clear_free(der, static_cast<size_t>(size));
  const auto* at = reinterpret_cast<const unsigned char*>(without.data());
  SSL_SESSION* const made = d2i_SSL_SESSION(into == nullptr ? nullptr : &into, &at,
                                            static_cast<long>(without.size()));  // NOLINT
  OPENSSL_cleanse(without.data(), without.size());
  SIPCM_CHECK(made != nullptr);
  return made;
}

}  // namespace

SessionState::SessionState(const ssl_session_st& session)
    : session_(SSL_SESSION_get0_peer(const_cast<ssl_session_st*>(&session)) == nullptr
                   ? SSL_SESSION_dup(&session)
                   : CopyWithoutPeer(session, nullptr)) {
  SIPCM_CHECK_MESSAGE(session_ != nullptr, "out of memory for a TLS session");
}

OpensslHandle<ssl_session_st> SessionState::Restore() const {
  OpensslHandle<ssl_session_st> session(SSL_SESSION_dup(session_.get()));
  SIPCM_CHECK_MESSAGE(session != nullptr, "out of memory for a TLS session");
  return session;
}

void DropPeer(ssl_session_st* session) { CopyWithoutPeer(*session, session); }

std::string IdOf(const ssl_session_st& session) {
  unsigned int size = 0;
  const unsigned char* const id = SSL_SESSION_get_id(&session, &size);
  return std::string(reinterpret_cast<const char*>(id), size);
}

}  // namespace sipcm::tls
