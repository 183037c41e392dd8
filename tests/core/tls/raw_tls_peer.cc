#include "tests/core/tls/raw_tls_peer.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <utility>

#include "core/base/check.h"

namespace sipcm::tls {
namespace {

using Outcome = net::IoResult::Outcome;

}  // namespace

RawTlsPeer::RawTlsPeer(Role role, std::unique_ptr<net::ByteStream> stream)
    : role_(role),
      stream_(std::move(stream)),
      context_(SSL_CTX_new(TLS_method()), SSL_CTX_free),
      ssl_(nullptr, SSL_free) {
  SSL_CTX_set_security_level(context_.get(), 0);
}

void RawTlsPeer::Present(const std::string& chain_pem, const std::string& private_key_pem) {
  BIO* chain = BIO_new_mem_buf(chain_pem.data(), static_cast<int>(chain_pem.size()));
  bool leaf = true;
  while (X509* certificate = PEM_read_bio_X509(chain, nullptr, nullptr, nullptr)) {
    if (std::exchange(leaf, false)) {
      SIPCM_CHECK(SSL_CTX_use_certificate(context_.get(), certificate) == 1);
    } else {
      SIPCM_CHECK(SSL_CTX_add1_chain_cert(context_.get(), certificate) == 1);
    }
    X509_free(certificate);
  }
  BIO_free(chain);
  BIO* key_text = BIO_new_mem_buf(private_key_pem.data(), static_cast<int>(private_key_pem.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(key_text, nullptr, nullptr, nullptr);
  BIO_free(key_text);
  SIPCM_CHECK(SSL_CTX_use_PrivateKey(context_.get(), key) == 1);
  EVP_PKEY_free(key);
  ERR_clear_error();
}

void RawTlsPeer::ShareTickets(Tickets* tickets) {
  if (tickets->keys.empty()) {
    tickets->keys.resize(
        static_cast<size_t>(SSL_CTX_get_tlsext_ticket_keys(context_.get(), nullptr, 0)));
    SSL_CTX_get_tlsext_ticket_keys(context_.get(), tickets->keys.data(), tickets->keys.size());
  }
  SSL_CTX_set_tlsext_ticket_keys(context_.get(), tickets->keys.data(), tickets->keys.size());
}

void RawTlsPeer::Start(SSL_SESSION* session) {
  ssl_.reset(SSL_new(context_.get()));
  SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  if (role_ == Role::kClient) {
    SSL_set_connect_state(ssl_.get());
    if (session != nullptr) SSL_set_session(ssl_.get(), session);
  } else {
    SSL_set_accept_state(ssl_.get());
  }
  stream_->Start(this);
  Pump();
}

void RawTlsPeer::Send(absl::string_view bytes) {
  size_t written = 0;
  SIPCM_CHECK(SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written) == 1);
  Pump();
}

void RawTlsPeer::Pump() {
  char buffer[16 * 1024];
  while (true) {
    const net::IoResult result = stream_->Read(absl::MakeSpan(buffer));
    if (result.outcome == Outcome::kDone) {
      BIO_write(SSL_get_rbio(ssl_.get()), buffer, static_cast<int>(result.bytes));
      continue;
    }
    if (result.outcome != Outcome::kWouldBlock) stream_->SetReading(false);
    break;
  }
  ERR_clear_error();
  size_t count = 0;
  while (SSL_read_ex(ssl_.get(), buffer, sizeof(buffer), &count) == 1) {
    received_.append(buffer, count);
  }
  if (const unsigned long error = ERR_peek_error(); error != 0 && fault_.empty()) {  // NOLINT
    const char* words = ERR_reason_error_string(error);
    fault_ = words == nullptr ? "unknown" : words;
  }
  ERR_clear_error();
  char* unsent = nullptr;
  const long size = BIO_get_mem_data(SSL_get_wbio(ssl_.get()), &unsent);  // NOLINT
  if (size <= 0) return;
  const net::IoResult result = stream_->Write(absl::string_view(unsent, static_cast<size_t>(size)));
  if (result.outcome == Outcome::kDone) {
    std::string taken(result.bytes, '\0');
    BIO_read(SSL_get_wbio(ssl_.get()), &taken[0], static_cast<int>(taken.size()));
  }
}

}  // namespace sipcm::tls
