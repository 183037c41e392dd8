#include "core/tls/trust_bundle.h"

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/tls/certificate_chain.h"
#include "core/tls/openssl/asn1_time.h"
#include "core/tls/openssl/error_queue.h"
#include "core/tls/openssl/pem.h"

namespace sipcm::tls {
namespace {

constexpr char kCertificatesField[] = "certificates_pem";
constexpr char kCrlsField[] = "crls_pem";

absl::Status Refused(absl::string_view field, absl::string_view reason, absl::string_view message) {
  return WithField(
      MakeError(absl::StatusCode::kInvalidArgument, reason, absl::StrCat(field, ": ", message)),
      field);
}

absl::Status MalformedCertificates(absl::string_view message) {
  return Refused(kCertificatesField, "CERTIFICATE_MALFORMED", message);
}

// OpenSSL sorts a list when it is first searched, which would be in a handshake: with 10 MB a loop
// would wait for a third of a second.
void Index(X509_CRL* crl) {
  const std::unique_ptr<ASN1_INTEGER, decltype(&ASN1_INTEGER_free)> any(ASN1_INTEGER_new(),
                                                                        ASN1_INTEGER_free);
  ASN1_INTEGER_set(any.get(), 1);
  X509_REVOKED* found = nullptr;
  X509_CRL_get0_by_serial(crl, &found, any.get());
}

std::string NameDer(const X509_NAME* name) {
  const unsigned char* der = nullptr;
  size_t size = 0;
  if (X509_NAME_get0_der(name, &der, &size) != 1) return "";
  return std::string(reinterpret_cast<const char*>(der), size);
}

}  // namespace

absl::Status TrustBundle::AddCertificates(absl::string_view pem) {
  if (absl::StrContains(pem, "PRIVATE KEY-----")) {
    return MalformedCertificates(
        "the text holds a private key; give certificates of authorities only");
  }
  absl::StatusOr<CertificateChain> chain = CertificateChain::ParsePem(pem);
  if (!chain.ok()) return MalformedCertificates(chain.status().message());
  absl::StatusOr<std::vector<Certificate>> certificates = chain->Read();
  if (!certificates.ok()) return MalformedCertificates(certificates.status().message());
  for (size_t i = 0; i < certificates->size(); ++i) {
    const Certificate& certificate = (*certificates)[i];
    if (!certificate.is_authority && !certificate.is_self_issued) {
      return MalformedCertificates(
          absl::StrCat("certificate ", i + 1, " ", certificate.DisplayName(),
                       " may not issue certificates; give the certificate of its issuer \"",
                       certificate.issuer, "\" instead"));
    }
    if (X509_STORE_add_cert(store_.get(), chain->certificates()[i].get()) != 1) {
      return MalformedCertificates(absl::StrCat("certificate ", i + 1, ": ", TakeOpensslError()));
    }
  }
  certificates_ = *std::move(certificates);
  for (const Certificate& certificate : certificates_) {
    changes_.insert({certificate.not_before, certificate.not_after});
  }
  return absl::OkStatus();
}

absl::Status TrustBundle::AddCrls(absl::string_view pem, absl::string_view field) {
  absl::StatusOr<std::vector<PemBlock>> blocks = ReadPemBlocks(pem);
  if (!blocks.ok()) return Refused(field, "CRL_MALFORMED", blocks.status().message());
  for (const PemBlock& block : *blocks) {
    if (block.label != "X509 CRL") continue;
    const auto* at = reinterpret_cast<const unsigned char*>(block.der.data());
    const OpensslHandle<X509_crl_st> crl(
        d2i_X509_CRL(nullptr, &at, static_cast<long>(block.der.size())));
    if (crl == nullptr || X509_STORE_add_crl(store_.get(), crl.get()) != 1) {
      return Refused(field, "CRL_MALFORMED",
                     absl::StrCat("revocation list ", crl_count_ + 1, " cannot be read (",
                                  TakeOpensslError(), "); export it again"));
    }
    ++crl_count_;
    Index(crl.get());
    const absl::Time next_update =
        ReadAsn1Time(X509_CRL_get0_nextUpdate(crl.get()), absl::InfiniteFuture());
    crl_next_update_ = std::min(crl_next_update_, next_update);
    changes_.insert(
        {ReadAsn1Time(X509_CRL_get0_lastUpdate(crl.get()), absl::InfinitePast()), next_update});
    crl_issuers_.insert(NameDer(X509_CRL_get_issuer(crl.get())));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const TrustBundle>> TrustBundle::FromPem(
    absl::string_view name, absl::string_view version, absl::string_view certificates_pem,
    absl::string_view crls_pem, CrlCheck crl_check, StaleCrl stale_crl) {
  std::shared_ptr<TrustBundle> bundle(new TrustBundle);
  bundle->name_ = std::string(name);
  bundle->version_ = std::string(version);
  bundle->store_.reset(X509_STORE_new());
  ClearOpensslErrors();
  SIPCM_RETURN_IF_ERROR(bundle->AddCertificates(certificates_pem));
  SIPCM_RETURN_IF_ERROR(bundle->AddCrls(certificates_pem, kCertificatesField));
  if (!crls_pem.empty()) {
    const int before = bundle->crl_count_;
    SIPCM_RETURN_IF_ERROR(bundle->AddCrls(crls_pem, kCrlsField));
    if (bundle->crl_count_ == before) {
      return Refused(kCrlsField, "CRL_MALFORMED",
                     "the text holds no \"-----BEGIN X509 CRL-----\" block; give revocation lists "
                     "in PEM, or leave the field empty");
    }
  }
  bundle->crl_check_ = crl_check;
  if (crl_check == CrlCheck::kLeafIfAny) {
    bundle->crl_check_ = bundle->crl_count_ > 0 ? CrlCheck::kLeaf : CrlCheck::kOff;
  }
  bundle->stale_crl_ = stale_crl;
  ClearOpensslErrors();
  return std::shared_ptr<const TrustBundle>(std::move(bundle));
}

absl::Time TrustBundle::NextChange(absl::Time after) const {
  const auto next = changes_.upper_bound(after);
  return next == changes_.end() ? absl::InfiniteFuture() : *next;
}

bool TrustBundle::HasCrlOf(const x509_st& certificate) const {
  return crl_issuers_.contains(NameDer(X509_get_issuer_name(&certificate)));
}

}  // namespace sipcm::tls
