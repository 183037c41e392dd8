#include "core/tls/credential.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/tls/certificate_chain.h"
#include "core/tls/extended_key_usage.h"
#include "core/tls/openssl/error_queue.h"
#include "core/tls/openssl/pem.h"

namespace sipcm::tls {
namespace {

constexpr char kCertificateField[] = "certificate_pem";
constexpr char kKeyField[] = "private_key_pem";

absl::Status Refused(absl::string_view field, absl::string_view reason, absl::string_view message) {
  return WithField(
      MakeError(absl::StatusCode::kInvalidArgument, reason, absl::StrCat(field, ": ", message)),
      field);
}

absl::Status Refused(absl::string_view field, const absl::Status& status) {
  return Refused(field, ReasonOf(status), status.message());
}

absl::StatusOr<OpensslHandle<evp_pkey_st>> ReadPrivateKey(absl::string_view pem) {
  absl::StatusOr<std::vector<PemBlock>> blocks = ReadPemBlocks(pem);
  if (!blocks.ok()) {
    return Refused(kKeyField, "PRIVATE_KEY_MALFORMED", blocks.status().message());
  }
  const auto block = std::find_if(blocks->begin(), blocks->end(), [](const PemBlock& candidate) {
    return absl::EndsWith(candidate.label, "PRIVATE KEY");
  });
  if (block == blocks->end()) {
    return Refused(kKeyField, "PRIVATE_KEY_MISSING",
                   "the text holds no \"-----BEGIN PRIVATE KEY-----\" block; give the private key "
                   "of the certificate in PEM");
  }
  if (block->encrypted) {
    return Refused(kKeyField, "PRIVATE_KEY_ENCRYPTED",
                   "the private key has a passphrase; give it without one, e.g. by "
                   "\"openssl pkey -in key.pem\"");
  }
  ClearOpensslErrors();
  const auto* at = reinterpret_cast<const unsigned char*>(block->der.data());
  OpensslHandle<evp_pkey_st> key(
      d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(block->der.size())));
  if (key == nullptr) {
    return Refused(kKeyField, "PRIVATE_KEY_MALFORMED",
                   absl::StrCat("the \"", block->label, "\" block is no private key (",
                                TakeOpensslError(), "); export the key again"));
  }
  return key;
}

absl::Status CheckKeyMatches(const std::vector<std::shared_ptr<x509_st>>& chain,
                             const std::vector<Certificate>& certificates, evp_pkey_st* key) {
  for (size_t i = 0; i < chain.size(); ++i) {
    if (X509_check_private_key(chain[i].get(), key) != 1) continue;
    ClearOpensslErrors();
    if (i == 0) return absl::OkStatus();
    return Refused(kCertificateField, "CHAIN_ORDER",
                   absl::StrCat("the private key belongs to certificate ", i + 1, " ",
                                certificates[i].DisplayName(),
                                "; put that certificate first and its issuers after it"));
  }
  ClearOpensslErrors();
  return Refused(
      kKeyField, "KEY_MISMATCH",
      absl::StrCat("the private key does not belong to certificate ", certificates[0].DisplayName(),
                   "; give the key that this certificate was issued for"));
}

absl::Status CheckOrder(const std::vector<std::shared_ptr<x509_st>>& chain,
                        const std::vector<Certificate>& certificates) {
  for (size_t i = 0; i + 1 < chain.size(); ++i) {
    if (X509_check_issued(chain[i + 1].get(), chain[i].get()) == X509_V_OK &&
        X509_verify(chain[i].get(), X509_get0_pubkey(chain[i + 1].get())) == 1) {
      continue;
    }
    ClearOpensslErrors();
    return Refused(
        kCertificateField, "CHAIN_ORDER",
        absl::StrCat("certificate ", i + 2, " ", certificates[i + 1].DisplayName(),
                     " did not issue certificate ", i + 1, " ", certificates[i].DisplayName(),
                     "; give the leaf first, then each one's issuer"));
  }
  return absl::OkStatus();
}

absl::Status CheckTime(const std::vector<Certificate>& certificates, absl::Time now) {
  for (size_t i = 0; i < certificates.size(); ++i) {
    const Certificate& certificate = certificates[i];
    if (now >= certificate.not_after) {
      return Refused(
          kCertificateField, "CERTIFICATE_EXPIRED",
          absl::StrCat(
              "certificate ", i + 1, " ", certificate.DisplayName(), " expired at ",
              absl::FormatTime(absl::RFC3339_sec, certificate.not_after, absl::UTCTimeZone()),
              "; give a renewed certificate"));
    }
    if (now < certificate.not_before) {
      return Refused(
          kCertificateField, "CERTIFICATE_NOT_YET_VALID",
          absl::StrCat(
              "certificate ", i + 1, " ", certificate.DisplayName(), " is not valid before ",
              absl::FormatTime(absl::RFC3339_sec, certificate.not_before, absl::UTCTimeZone()),
              "; wait until then, or correct this host's clock"));
    }
  }
  return absl::OkStatus();
}

bool HasUsage(const Certificate& leaf, std::initializer_list<absl::string_view> names) {
  if (!leaf.has_extended_key_usage) return true;  // RFC 5280 4.2.1.12: unrestricted
  return std::any_of(leaf.extended_key_usages.begin(), leaf.extended_key_usages.end(),
                     [&](const auto& oid) {
                       const std::string name = ExtendedKeyUsageName(oid);
                       return std::find(names.begin(), names.end(), name) != names.end();
                     });
}

std::string UsagesText(const Certificate& leaf) {
  return absl::StrJoin(leaf.extended_key_usages, ", ", [](std::string* out, const auto& oid) {
    absl::StrAppend(out, ExtendedKeyUsageName(oid));
  });
}

absl::Status CheckUsage(const Certificate& leaf) {
  if (HasUsage(leaf, {"serverAuth", "clientAuth", "sipDomain", "anyExtendedKeyUsage"})) {
    return absl::OkStatus();
  }
  return Refused(kCertificateField, "CERTIFICATE_KEY_USAGE",
                 absl::StrCat("certificate 1 ", leaf.DisplayName(), " is for ", UsagesText(leaf),
                              " only; give one that was issued for serverAuth, clientAuth or "
                              "sipDomain"));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Credential>> Credential::FromPem(
    absl::string_view name, absl::string_view version, absl::string_view certificate_pem,
    absl::string_view private_key_pem, absl::Time now) {
  std::shared_ptr<Credential> credential(new Credential);
  credential->name_ = std::string(name);
  credential->version_ = std::string(version);
  absl::StatusOr<std::vector<std::shared_ptr<x509_st>>> chain =
      ReadPemCertificates(certificate_pem);
  if (!chain.ok()) return Refused(kCertificateField, chain.status());
  credential->chain_ = *std::move(chain);
  absl::StatusOr<std::vector<Certificate>> certificates =
      CertificateChain(credential->chain_).Read();
  if (!certificates.ok()) return Refused(kCertificateField, certificates.status());
  credential->certificates_ = *std::move(certificates);
  SIPCM_ASSIGN_OR_RETURN(credential->private_key_, ReadPrivateKey(private_key_pem));
  SIPCM_RETURN_IF_ERROR(CheckKeyMatches(credential->chain_, credential->certificates_,
                                        credential->private_key_.get()));
  SIPCM_RETURN_IF_ERROR(CheckOrder(credential->chain_, credential->certificates_));
  SIPCM_RETURN_IF_ERROR(CheckTime(credential->certificates_, now));
  SIPCM_RETURN_IF_ERROR(CheckUsage(credential->certificates_.front()));
  // OpenSSL's own opinion (key sizes, digests) is asked for here rather than at the first accept.
  const OpensslHandle<ssl_ctx_st> trial(SSL_CTX_new(TLS_method()));
  SSL_CTX_set_security_level(trial.get(), 2);
  SIPCM_RETURN_IF_ERROR(credential->Install(trial.get()));
  return std::shared_ptr<const Credential>(std::move(credential));
}

std::string Credential::CertificatePem() const {
  std::string pem;
  for (const std::shared_ptr<x509_st>& certificate : chain_) pem += CertificateToPem(*certificate);
  return pem;
}

std::string Credential::ServerUsageWarning() const {
  const Certificate& leaf = certificates_.front();
  if (HasUsage(leaf, {"serverAuth", "sipDomain", "anyExtendedKeyUsage"})) return "";
  return absl::StrCat("\"", name_, "\" is for ", UsagesText(leaf),
                      ": clients refuse a server whose certificate lacks serverAuth; give one "
                      "that was issued for it");
}

absl::Time Credential::expire_time() const {
  absl::Time first = absl::InfiniteFuture();
  for (const Certificate& certificate : certificates_) {
    first = std::min(first, certificate.not_after);
  }
  return first;
}

absl::Status Credential::Install(ssl_ctx_st* context) const {
  ClearOpensslErrors();
  bool installed = SSL_CTX_use_certificate(context, chain_[0].get()) == 1;
  for (size_t i = 1; i < chain_.size() && installed; ++i) {
    installed = SSL_CTX_add1_chain_cert(context, chain_[i].get()) == 1;
  }
  installed = installed && SSL_CTX_use_PrivateKey(context, private_key_.get()) == 1;
  if (installed) return absl::OkStatus();
  return Refused(kCertificateField, "CERTIFICATE_WEAK",
                 absl::StrCat("TLS refuses certificate ", certificates_[0].DisplayName(),
                              " or one of its issuers (", TakeOpensslError(),
                              "); use ECDSA P-256 or RSA of 2048 bits or more, with SHA-256"));
}

}  // namespace sipcm::tls
