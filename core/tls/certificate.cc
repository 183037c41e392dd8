#include "core/tls/certificate.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/tls/openssl/asn1_time.h"
#include "core/tls/openssl/error_queue.h"
#include "core/tls/openssl/handle.h"

namespace sipcm::tls {
namespace {

absl::Status Malformed(absl::string_view what) {
  return MakeError(absl::StatusCode::kInvalidArgument, "CERTIFICATE_MALFORMED",
                   absl::StrCat("the certificate's ", what,
                                " cannot be read; have the certificate issued again"));
}

std::string Escaped(const ASN1_STRING* text) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, text);
  if (size < 0) {
    ClearOpensslErrors();
    return "\\?";  // not text at all, and not usable as a name
  }
  std::string escaped = absl::CHexEscape(
      absl::string_view(reinterpret_cast<const char*>(utf8), static_cast<size_t>(size)));
  OPENSSL_free(utf8);
  return escaped;
}

// RFC 2253 text: what is not printable ASCII comes out as "\xx".
std::string NameText(const X509_NAME* name) {
  const OpensslHandle<bio_st> bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);  // NOLINT: OpenSSL's own type
  return size <= 0 ? std::string() : std::string(text, static_cast<size_t>(size));
}

std::string LastCommonName(const X509_NAME* name) {
  int last = -1;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0;) last = at;
  if (last < 0) return "";
  return Escaped(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)));
}

std::string SerialText(const ASN1_INTEGER* serial) {
  const std::string hex = absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)),
                        static_cast<size_t>(ASN1_STRING_length(serial))));
  return absl::AsciiStrToUpper(hex);
}

// "EC P-256", "RSA 2048", "ED25519".
std::string KeyType(const X509* certificate) {
  const EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (key == nullptr) return "unknown";
  if (EVP_PKEY_is_a(key, "RSA") == 1) return absl::StrCat("RSA ", EVP_PKEY_get_bits(key));
  if (EVP_PKEY_is_a(key, "EC") != 1) return EVP_PKEY_get0_type_name(key);
  char group[64] = "";
  if (EVP_PKEY_get_group_name(key, group, sizeof(group), nullptr) != 1) return "EC";
  const char* nist = EC_curve_nid2nist(OBJ_txt2nid(group));
  return absl::StrCat("EC ", nist == nullptr ? group : nist);
}

// Reads an extension that may be absent. False: there, but not readable, or there twice.
template <typename T, void (*kFree)(T*)>
bool ReadExtension(const X509* certificate, int nid, std::unique_ptr<T, void (*)(T*)>* extension) {
  constexpr int kAbsent = -1;
  int critical = kAbsent;
  extension->reset(static_cast<T*>(X509_get_ext_d2i(certificate, nid, &critical, /*idx=*/nullptr)));
  return *extension != nullptr || critical == kAbsent;
}

void AddName(const GENERAL_NAME* name, Certificate* certificate) {
  switch (name->type) {
    case GEN_DNS:
      certificate->dns_names.push_back(Escaped(name->d.dNSName));
      break;
    case GEN_URI:
      certificate->uri_names.push_back(Escaped(name->d.uniformResourceIdentifier));
      break;
    case GEN_IPADD: {
      const unsigned char* bytes = ASN1_STRING_get0_data(name->d.iPAddress);
      const int size = ASN1_STRING_length(name->d.iPAddress);
      if (size != 4 && size != 16) break;
      certificate->ip_addresses.push_back(net::IpAddress::FromBytes(
          size == 4 ? net::AddressFamily::kIpv4 : net::AddressFamily::kIpv6, bytes));
      break;
    }
    default:
      break;
  }
}

bool ReadAlternativeNames(const X509* x509, Certificate* certificate) {
  std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> names(nullptr, GENERAL_NAMES_free);
  if (!ReadExtension<GENERAL_NAMES, GENERAL_NAMES_free>(x509, NID_subject_alt_name, &names)) {
    return false;
  }
  if (names == nullptr) return true;
  certificate->has_subject_alternative_name = true;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    AddName(sk_GENERAL_NAME_value(names.get(), i), certificate);
  }
  return true;
}

bool ReadExtendedKeyUsages(const X509* x509, Certificate* certificate) {
  std::unique_ptr<EXTENDED_KEY_USAGE, void (*)(EXTENDED_KEY_USAGE*)> usages(
      nullptr, EXTENDED_KEY_USAGE_free);
  if (!ReadExtension<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>(x509, NID_ext_key_usage,
                                                                  &usages)) {
    return false;
  }
  if (usages == nullptr) return true;
  certificate->has_extended_key_usage = true;
  for (int i = 0; i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
    char oid[128];
    const int size =
        OBJ_obj2txt(oid, sizeof(oid), sk_ASN1_OBJECT_value(usages.get(), i), /*no_name=*/1);
    if (size > 0 && static_cast<size_t>(size) < sizeof(oid)) {
      certificate->extended_key_usages.emplace_back(oid);
    }
  }
  return true;
}

}  // namespace

absl::StatusOr<Certificate> Certificate::FromX509(const x509_st& x509) {
  ClearOpensslErrors();
  Certificate certificate;
  const X509_NAME* subject = X509_get_subject_name(&x509);
  certificate.subject = NameText(subject);
  certificate.issuer = NameText(X509_get_issuer_name(&x509));
  certificate.serial = SerialText(X509_get0_serialNumber(&x509));
  certificate.common_name = LastCommonName(subject);
  certificate.key_type = KeyType(&x509);
  // A time that cannot be read is never good.
  certificate.not_before = ReadAsn1Time(X509_get0_notBefore(&x509), absl::InfiniteFuture());
  certificate.not_after = ReadAsn1Time(X509_get0_notAfter(&x509), absl::InfinitePast());
  if (!ReadAlternativeNames(&x509, &certificate)) return Malformed("subjectAltName extension");
  if (!ReadExtendedKeyUsages(&x509, &certificate)) return Malformed("extendedKeyUsage extension");
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int digest_size = 0;
  if (X509_digest(&x509, EVP_sha256(), digest, &digest_size) != 1) return Malformed("encoding");
  certificate.fingerprint_sha256.assign(reinterpret_cast<const char*>(digest), digest_size);
  // OpenSSL caches extensions inside, under a lock of its own.
  auto* cached = const_cast<X509*>(&x509);
  certificate.is_authority = X509_check_ca(cached) != 0;
  certificate.is_self_issued = (X509_get_extension_flags(cached) & EXFLAG_SI) != 0;
  ClearOpensslErrors();
  return certificate;
}

std::string Certificate::DisplayName() const {
  return absl::StrCat("\"", subject.empty() ? "(no subject)" : subject, "\" (serial ", serial, ")");
}

}  // namespace sipcm::tls
