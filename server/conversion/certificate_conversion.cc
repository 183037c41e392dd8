#include "server/conversion/certificate_conversion.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/tls/certificate_chain.h"
#include "core/tls/extended_key_usage.h"
#include "server/conversion/limits_conversion.h"
#include "server/store/resource_store.h"
#include "server/validation/field_checks.h"
#include "server/validation/refusal.h"

namespace sipcm::server {
namespace {

constexpr absl::Duration kExpiryNotice = absl::Hours(24 * 30);
constexpr size_t kMaxCertificateBytes = 1 << 20;
constexpr size_t kMaxBundleBytes = 8 << 20;
constexpr size_t kMaxCrlBytes = 32 << 20;

absl::Status CheckSize(const std::string& text, size_t most, absl::string_view field) {
  if (text.size() <= most) return absl::OkStatus();
  return BadField("INVALID_FIELD", field,
                  absl::StrCat("has ", text.size(), " bytes; at most ", most, " are read"));
}

// "a1b2c3d4e5f60718-2"
std::string VersionOf(const tls::Certificate& leaf, int revision) {
  return absl::StrCat(absl::BytesToHexString(leaf.fingerprint_sha256).substr(0, 16), "-", revision);
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

}  // namespace

absl::StatusOr<std::shared_ptr<const tls::Credential>> ToCredential(
    const sipcm::v1::Certificate& certificate, int revision, absl::Time now) {
  if (!certificate.certificate_file().empty() || !certificate.private_key_file().empty()) {
    return NotKept("certificate_file",
                   "PEM over this API; files are read from --config, watching them comes later");
  }
  if (!certificate.pkcs12().empty()) return NotKept("pkcs12", "PEM; PKCS#12 comes later");
  if (certificate.certificate_pem().empty()) {
    return MissingField("certificate_pem", "the certificate in PEM, the leaf first");
  }
  SIPCM_RETURN_IF_ERROR(
      CheckSize(certificate.certificate_pem(), kMaxCertificateBytes, "certificate_pem"));
  SIPCM_RETURN_IF_ERROR(
      CheckSize(certificate.private_key_pem(), kMaxCertificateBytes, "private_key_pem"));
  std::string version = absl::StrCat(revision);
  if (const auto chain = tls::ParseChainPem(certificate.certificate_pem());
      chain.ok() && !chain->empty()) {
    version = VersionOf(chain->front(), revision);
  }
  return tls::Credential::FromPem(certificate.name(), version, certificate.certificate_pem(),
                                  certificate.private_key_pem(), now);
}

absl::StatusOr<std::shared_ptr<const tls::TrustBundle>> ToTrustBundle(
    const sipcm::v1::TrustBundle& bundle, int revision) {
  if (!bundle.certificates_file().empty() || !bundle.crls_file().empty()) {
    return NotKept("certificates_file",
                   "PEM over this API; files are read from --config, watching them comes later");
  }
  if (bundle.certificates_pem().empty()) {
    return MissingField("certificates_pem", "one or more CA certificates in PEM");
  }
  SIPCM_RETURN_IF_ERROR(CheckSize(bundle.certificates_pem(), kMaxBundleBytes, "certificates_pem"));
  SIPCM_RETURN_IF_ERROR(CheckSize(bundle.crls_pem(), kMaxCrlBytes, "crls_pem"));
  using Proto = sipcm::v1::TrustBundle;
  SIPCM_RETURN_IF_ERROR(CheckEnum(bundle.crl_check(), Proto::CrlCheck_descriptor(), "crl_check"));
  SIPCM_RETURN_IF_ERROR(CheckEnum(bundle.stale_crl(), Proto::StaleCrl_descriptor(), "stale_crl"));
  tls::CrlCheck check = tls::CrlCheck::kLeafIfAny;
  if (bundle.crl_check() == Proto::OFF) check = tls::CrlCheck::kOff;
  if (bundle.crl_check() == Proto::LEAF) check = tls::CrlCheck::kLeaf;
  if (bundle.crl_check() == Proto::CHAIN) check = tls::CrlCheck::kChain;
  return tls::TrustBundle::FromPem(
      bundle.name(), absl::StrCat(revision), bundle.certificates_pem(), bundle.crls_pem(), check,
      bundle.stale_crl() == Proto::ACCEPT ? tls::StaleCrl::kAccept : tls::StaleCrl::kRefuse);
}

void AddContent(const tls::Credential& credential, sipcm::v1::Certificate* certificate) {
  const tls::Certificate& leaf = credential.certificates().front();
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
}

void AddContent(const tls::TrustBundle& content, sipcm::v1::TrustBundle* bundle) {
  using Proto = sipcm::v1::TrustBundle;
  bundle->clear_crls_pem();
  bundle->set_version(content.version());
  bundle->set_certificate_count(static_cast<int>(content.certificates().size()));
  bundle->set_crl_count(content.crl_count());
  bundle->set_crl_check(content.crl_check() == tls::CrlCheck::kOff     ? Proto::OFF
                        : content.crl_check() == tls::CrlCheck::kChain ? Proto::CHAIN
                                                                       : Proto::LEAF);
  bundle->set_stale_crl(content.stale_crl() == tls::StaleCrl::kAccept ? Proto::ACCEPT
                                                                      : Proto::REFUSE);
  bundle->clear_subjects();
  absl::Time earliest = absl::InfiniteFuture();
  for (const tls::Certificate& certificate : content.certificates()) {
    bundle->add_subjects(certificate.subject);
    earliest = std::min(earliest, certificate.not_after);
  }
  if (earliest != absl::InfiniteFuture()) {
    *bundle->mutable_earliest_expire_time() = ToTimestamp(earliest);
  }
}

void AddState(absl::Time now, sipcm::v1::Certificate* certificate) {
  using Proto = sipcm::v1::Certificate;
  const absl::Time begin = FromTimestamp(certificate->not_before_time());
  const absl::Time end = FromTimestamp(certificate->not_after_time());
  certificate->set_state(Proto::VALID);
  if (now < begin) {
    certificate->set_state(Proto::NOT_YET_VALID);
    certificate->set_state_reason(absl::StrCat("begins at ", TimeText(begin)));
  } else if (now >= end) {
    certificate->set_state(Proto::EXPIRED);
    certificate->set_state_reason(absl::StrCat("ended at ", TimeText(end)));
  } else if (now >= end - kExpiryNotice) {
    certificate->set_state(Proto::EXPIRING);
    certificate->set_state_reason(absl::StrCat("ends at ", TimeText(end)));
  }
}

void AddState(absl::Time now, sipcm::v1::TrustBundle* bundle) {
  using Proto = sipcm::v1::TrustBundle;
  const absl::Time end = FromTimestamp(bundle->earliest_expire_time());
  bundle->set_state(Proto::VALID);
  if (now >= end) {
    bundle->set_state(Proto::EXPIRED);
    bundle->set_state_reason(absl::StrCat("a certificate ended at ", TimeText(end)));
  } else if (now >= end - kExpiryNotice) {
    bundle->set_state(Proto::EXPIRING);
    bundle->set_state_reason(absl::StrCat("a certificate ends at ", TimeText(end)));
  }
}

}  // namespace sipcm::server
