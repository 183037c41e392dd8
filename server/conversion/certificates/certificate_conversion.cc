#include "server/conversion/certificates/certificate_conversion.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/tls/certificate_chain.h"
#include "core/tls/extended_key_usage.h"
#include "core/tls/pkcs12.h"
#include "server/store/file_text.h"
#include "server/store/resource_store.h"
#include "server/validation/field_checks.h"
#include "server/validation/refusal.h"

namespace sipcm::server {
namespace {

constexpr absl::Duration kExpiryNotice = absl::Hours(24 * 30);
constexpr absl::Duration kCrlNotice = absl::Hours(24);
constexpr size_t kMaxCertificateBytes = 1 << 20;
constexpr size_t kMaxBundleBytes = 8 << 20;
constexpr size_t kMaxCrlBytes = 32 << 20;

absl::Status CheckSize(const std::string& text, size_t most, absl::string_view field) {
  return CheckCount(text.size(), most, "bytes", field);
}

// "a1b2c3d4e5f60718-2"
std::string VersionOf(const tls::Certificate& leaf, int revision) {
  return absl::StrCat(absl::BytesToHexString(leaf.fingerprint_sha256).substr(0, 16), "-", revision);
}

absl::Status Conflict(absl::string_view field, absl::string_view other) {
  return BadField("CONFLICTING_FIELDS", field, absl::StrCat("give either it, or ", other));
}

// Of `most` bytes at most.
absl::StatusOr<std::string> ReadContentFile(const std::string& path, size_t most,
                                            absl::string_view field) {
  if (path.empty() || path.front() != '/') {
    return BadField("INVALID_FIELD", field,
                    absl::StrCat("\"", absl::Utf8SafeCEscape(path),
                                 "\" is no absolute path; give the whole one of a file on the "
                                 "server's machine, which begins with /"));
  }
  absl::StatusOr<std::string> text = ReadFileText(path, most);
  if (text.ok()) return text;
  return WithField(MakeError(text.status().code(), "FILE_UNREADABLE",
                             absl::StrCat(field, ": ", text.status().message())),
                   field);
}

// A refusal of a PEM field as one of the field that it was read from.
absl::Status ReadFrom(const absl::Status& status, absl::string_view pem_field,
                      absl::string_view source_field) {
  if (FieldOf(status) != pem_field) return status;
  absl::string_view message = status.message();
  absl::ConsumePrefix(&message, pem_field);
  return WithField(MakeError(status.code(), ReasonOf(status), absl::StrCat(source_field, message)),
                   source_field);
}

// The texts that a certificate's source holds. The key is wiped with it.
struct CertificateText {
  CertificateText() = default;
  ~CertificateText() { std::fill(private_key_pem.begin(), private_key_pem.end(), '\0'); }
  std::string certificate_pem;
  std::string private_key_pem;
  // Where they stand.
  absl::string_view certificate_field = "certificate_pem";
  absl::string_view private_key_field = "private_key_pem";
};

absl::Status ReadPemFields(const sipcm::v1::Certificate& certificate, CertificateText* text) {
  if (certificate.certificate_pem().empty()) {
    return MissingField("certificate_pem", "the certificate in PEM, the leaf first");
  }
  SIPCM_RETURN_IF_ERROR(
      CheckSize(certificate.certificate_pem(), kMaxCertificateBytes, "certificate_pem"));
  SIPCM_RETURN_IF_ERROR(
      CheckSize(certificate.private_key_pem(), kMaxCertificateBytes, "private_key_pem"));
  text->certificate_pem = certificate.certificate_pem();
  text->private_key_pem = certificate.private_key_pem();
  return absl::OkStatus();
}

absl::Status ReadFiles(const sipcm::v1::Certificate& certificate, CertificateText* text) {
  text->certificate_field = "certificate_file";
  text->private_key_field = "private_key_file";
  SIPCM_ASSIGN_OR_RETURN(text->certificate_pem,
                         ReadContentFile(certificate.certificate_file(), kMaxCertificateBytes,
                                         text->certificate_field));
  SIPCM_ASSIGN_OR_RETURN(text->private_key_pem,
                         ReadContentFile(certificate.private_key_file(), kMaxCertificateBytes,
                                         text->private_key_field));
  return absl::OkStatus();
}

absl::Status ReadPkcs12(const sipcm::v1::Certificate& certificate, CertificateText* text) {
  text->certificate_field = text->private_key_field = "pkcs12";
  SIPCM_RETURN_IF_ERROR(CheckSize(certificate.pkcs12(), kMaxCertificateBytes, "pkcs12"));
  SIPCM_ASSIGN_OR_RETURN(tls::Pkcs12Content content,
                         tls::ReadPkcs12(certificate.pkcs12(), certificate.pkcs12_password()));
  text->certificate_pem = content.certificate_pem;
  text->private_key_pem = content.private_key_pem;
  return absl::OkStatus();
}

absl::Status ReadText(const sipcm::v1::Certificate& certificate, CertificateText* text) {
  SIPCM_ASSIGN_OR_RETURN(const ContentSource source, SourceOf(certificate));
  switch (source) {
    case ContentSource::kNone:
      break;
    case ContentSource::kPem:
      return ReadPemFields(certificate, text);
    case ContentSource::kFiles:
      return ReadFiles(certificate, text);
    case ContentSource::kPkcs12:
      return ReadPkcs12(certificate, text);
  }
  return MissingField("certificate_pem",
                      "the certificate in PEM, the leaf first; or give files, or pkcs12");
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

}  // namespace

absl::StatusOr<ContentSource> SourceOf(const sipcm::v1::Certificate& certificate) {
  const bool pem = !certificate.certificate_pem().empty() || !certificate.private_key_pem().empty();
  const bool files =
      !certificate.certificate_file().empty() || !certificate.private_key_file().empty();
  const bool pkcs12 = !certificate.pkcs12().empty();
  if (files && pem) return Conflict("certificate_file", "certificate_pem and private_key_pem");
  if (pkcs12 && pem) return Conflict("pkcs12", "certificate_pem and private_key_pem");
  if (pkcs12 && files) return Conflict("pkcs12", "certificate_file and private_key_file");
  return pem      ? ContentSource::kPem
         : files  ? ContentSource::kFiles
         : pkcs12 ? ContentSource::kPkcs12
                  : ContentSource::kNone;
}

absl::StatusOr<ContentSource> SourceOf(const sipcm::v1::TrustBundle& bundle) {
  const bool pem = !bundle.certificates_pem().empty() || !bundle.crls_pem().empty();
  const bool files = !bundle.certificates_file().empty() || !bundle.crls_file().empty();
  if (files && pem) return Conflict("certificates_file", "certificates_pem and crls_pem");
  return pem ? ContentSource::kPem : files ? ContentSource::kFiles : ContentSource::kNone;
}

absl::StatusOr<std::shared_ptr<const tls::Credential>> ToCredential(
    const sipcm::v1::Certificate& certificate, int revision, absl::Time now) {
  SIPCM_RETURN_IF_ERROR(CheckEnum(certificate.reload_old_connections(),
                                  sipcm::v1::OldConnections_descriptor(),
                                  "reload_old_connections"));
  CertificateText text;
  SIPCM_RETURN_IF_ERROR(ReadText(certificate, &text));
  std::string version = absl::StrCat(revision);
  if (const auto chain = tls::ParseChainPem(text.certificate_pem); chain.ok() && !chain->empty()) {
    version = VersionOf(chain->front(), revision);
  }
  auto credential = tls::Credential::FromPem(certificate.name(), version, text.certificate_pem,
                                             text.private_key_pem, now);
  if (credential.ok()) return credential;
  return ReadFrom(ReadFrom(credential.status(), "certificate_pem", text.certificate_field),
                  "private_key_pem", text.private_key_field);
}

absl::StatusOr<std::shared_ptr<const tls::TrustBundle>> ToTrustBundle(
    sipcm::v1::TrustBundle* bundle, int revision) {
  using Proto = sipcm::v1::TrustBundle;
  SIPCM_RETURN_IF_ERROR(CheckEnum(bundle->crl_check(), Proto::CrlCheck_descriptor(), "crl_check"));
  SIPCM_RETURN_IF_ERROR(CheckEnum(bundle->stale_crl(), Proto::StaleCrl_descriptor(), "stale_crl"));
  SIPCM_RETURN_IF_ERROR(CheckEnum(bundle->reload_old_connections(),
                                  sipcm::v1::OldConnections_descriptor(),
                                  "reload_old_connections"));
  SIPCM_ASSIGN_OR_RETURN(const ContentSource source, SourceOf(*bundle));
  const bool files = source == ContentSource::kFiles;
  if (files) {
    SIPCM_ASSIGN_OR_RETURN(
        *bundle->mutable_certificates_pem(),
        ReadContentFile(bundle->certificates_file(), kMaxBundleBytes, "certificates_file"));
    if (!bundle->crls_file().empty()) {
      SIPCM_ASSIGN_OR_RETURN(*bundle->mutable_crls_pem(),
                             ReadContentFile(bundle->crls_file(), kMaxCrlBytes, "crls_file"));
    }
  }
  if (bundle->certificates_pem().empty()) {
    return MissingField("certificates_pem", "one or more CA certificates in PEM; or give a file");
  }
  SIPCM_RETURN_IF_ERROR(CheckSize(bundle->certificates_pem(), kMaxBundleBytes, "certificates_pem"));
  SIPCM_RETURN_IF_ERROR(CheckSize(bundle->crls_pem(), kMaxCrlBytes, "crls_pem"));
  tls::CrlCheck check = tls::CrlCheck::kLeafIfAny;
  if (bundle->crl_check() == Proto::OFF) check = tls::CrlCheck::kOff;
  if (bundle->crl_check() == Proto::LEAF) check = tls::CrlCheck::kLeaf;
  if (bundle->crl_check() == Proto::CHAIN) check = tls::CrlCheck::kChain;
  auto content = tls::TrustBundle::FromPem(
      bundle->name(), absl::StrCat(revision), bundle->certificates_pem(), bundle->crls_pem(), check,
      bundle->stale_crl() == Proto::ACCEPT ? tls::StaleCrl::kAccept : tls::StaleCrl::kRefuse);
  if (content.ok() || !files) return content;
  return ReadFrom(ReadFrom(content.status(), "certificates_pem", "certificates_file"), "crls_pem",
                  "crls_file");
}

void AddContent(const tls::Credential& credential, sipcm::v1::Certificate* certificate) {
  const tls::Certificate& leaf = credential.certificates().front();
  // Not what was given: a private key may have stood among it.
  certificate->set_certificate_pem(credential.CertificatePem());
  certificate->clear_private_key_pem();
  certificate->clear_pkcs12();
  certificate->clear_pkcs12_password();
  certificate->set_version(credential.version());
  certificate->set_subject(leaf.subject);
  certificate->set_issuer(leaf.issuer);
  certificate->set_serial_number(leaf.serial);
  certificate->clear_dns_names();
  certificate->mutable_dns_names()->Add(leaf.dns_names.begin(), leaf.dns_names.end());
  certificate->clear_uri_names();
  certificate->mutable_uri_names()->Add(leaf.uri_names.begin(), leaf.uri_names.end());
  certificate->clear_ip_addresses();
  for (const net::IpAddress& ip : leaf.ip_addresses) {
    certificate->add_ip_addresses(ip.ToString());
  }
  certificate->clear_extended_key_usages();
  for (const std::string& oid : leaf.extended_key_usages) {
    certificate->add_extended_key_usages(tls::ExtendedKeyUsageName(oid));
  }
  *certificate->mutable_not_before_time() = ToTimestamp(leaf.not_before);
  *certificate->mutable_not_after_time() = ToTimestamp(leaf.not_after);
  certificate->set_fingerprint(leaf.fingerprint_sha256);
  certificate->set_key_type(leaf.key_type);
}

void AddContent(const tls::TrustBundle& content, sipcm::v1::TrustBundle* bundle) {
  bundle->clear_crls_pem();
  bundle->set_version(content.version());
  bundle->set_certificate_count(static_cast<int>(content.certificates().size()));
  bundle->set_crl_count(content.crl_count());
  bundle->clear_subjects();
  absl::Time earliest = absl::InfiniteFuture();
  for (const tls::Certificate& certificate : content.certificates()) {
    bundle->add_subjects(certificate.subject);
    earliest = std::min(earliest, certificate.not_after);
  }
  if (earliest != absl::InfiniteFuture()) {
    *bundle->mutable_earliest_expire_time() = ToTimestamp(earliest);
  }
  bundle->clear_crl_next_update_time();
  if (content.crl_next_update() != absl::InfiniteFuture()) {
    *bundle->mutable_crl_next_update_time() = ToTimestamp(content.crl_next_update());
  }
}

void ShowDefaults(const tls::TrustBundle& content, sipcm::v1::TrustBundle* bundle) {
  using Proto = sipcm::v1::TrustBundle;
  bundle->set_crl_check(content.crl_check() == tls::CrlCheck::kOff     ? Proto::OFF
                        : content.crl_check() == tls::CrlCheck::kChain ? Proto::CHAIN
                                                                       : Proto::LEAF);
  bundle->set_stale_crl(content.stale_crl() == tls::StaleCrl::kAccept ? Proto::ACCEPT
                                                                      : Proto::REFUSE);
}

void AddState(absl::Time now, absl::Time end, const std::string& reload_error,
              sipcm::v1::Certificate* certificate) {
  using Proto = sipcm::v1::Certificate;
  const absl::Time begin = FromTimestamp(certificate->not_before_time());
  Proto::State state = Proto::VALID;
  std::string reason;
  if (now < begin) {
    state = Proto::NOT_YET_VALID;
    reason = absl::StrCat("begins at ", TimeText(begin));
  } else if (now >= end) {
    state = Proto::EXPIRED;
    reason = absl::StrCat("ended at ", TimeText(end));
  } else if (now >= end - kExpiryNotice) {
    state = Proto::EXPIRING;
    reason = absl::StrCat("ends at ", TimeText(end));
  }
  if (!reload_error.empty()) {
    // One that has ended is worse than one that could not be renewed.
    if (state != Proto::EXPIRED) state = Proto::RELOAD_FAILED;
    reason = absl::StrCat(reload_error, reason.empty() ? "" : "; the one in force ", reason);
  }
  certificate->set_state(state);
  certificate->set_state_reason(reason);
}

void AddState(absl::Time now, const std::string& reload_error, sipcm::v1::TrustBundle* bundle) {
  using Proto = sipcm::v1::TrustBundle;
  const auto end_of = [](bool has, const google::protobuf::Timestamp& time) {
    return has ? FromTimestamp(time) : absl::InfiniteFuture();
  };
  const absl::Time end = end_of(bundle->has_earliest_expire_time(), bundle->earliest_expire_time());
  const absl::Time crl_end =
      end_of(bundle->has_crl_next_update_time(), bundle->crl_next_update_time());
  Proto::State state = Proto::VALID;
  std::string reason;
  if (now >= crl_end) {
    state = Proto::EXPIRED;
    reason = absl::StrCat("a CRL was to be replaced by ", TimeText(crl_end),
                          bundle->stale_crl() == Proto::ACCEPT
                              ? "; it is used all the same (stale_crl ACCEPT)"
                              : "; peers that need it are refused (stale_crl REFUSE)");
  } else if (now >= end) {
    state = Proto::EXPIRED;
    reason = absl::StrCat("a certificate ended at ", TimeText(end));
  } else if (now >= crl_end - kCrlNotice) {
    state = Proto::EXPIRING;
    reason = absl::StrCat("a CRL is to be replaced by ", TimeText(crl_end));
  } else if (now >= end - kExpiryNotice) {
    state = Proto::EXPIRING;
    reason = absl::StrCat("a certificate ends at ", TimeText(end));
  }
  if (!reload_error.empty()) {
    if (state != Proto::EXPIRED) state = Proto::RELOAD_FAILED;
    reason = absl::StrCat(reload_error, reason.empty() ? "" : "; in the version in force ", reason);
  }
  bundle->set_state(state);
  bundle->set_state_reason(reason);
}

}  // namespace sipcm::server
