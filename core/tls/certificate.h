#ifndef SIPCM_CORE_TLS_CERTIFICATE_H_
#define SIPCM_CORE_TLS_CERTIFICATE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/net/address.h"

struct x509_st;

namespace sipcm::tls {

// What one X.509 certificate says, read once into plain values; nothing of OpenSSL stays behind.
// All text is escaped (C style: "\x00", "\"", "\\"), so it may be shown and logged as it is, and an
// escaped name is never mistaken for a usable one (see CertificateNames). Immutable by habit: a
// value, free to copy and to pass between threads.
struct Certificate {
  std::string subject;  // RFC 2253: "CN=edge.contoso.com,O=Contoso"; may be empty
  std::string issuer;
  std::string serial;       // upper-case hex, "01AF"
  std::string common_name;  // the last CN of the subject, the most specific one; empty without
  std::vector<std::string> dns_names;
  std::vector<std::string> uri_names;
  std::vector<net::IpAddress> ip_addresses;
  // The subjectAltName extension is there, whatever kinds of names it holds.
  bool has_subject_alternative_name = false;
  // Absent extension and empty list differ: absent is unrestricted (RFC 5280 4.2.1.12).
  bool has_extended_key_usage = false;
  std::vector<std::string> extended_key_usages;  // dotted OIDs, "1.3.6.1.5.5.7.3.1"
  absl::Time not_before;
  absl::Time not_after;            // from this moment on it has expired, as OpenSSL sees it
  std::string fingerprint_sha256;  // 32 raw bytes
  std::string key_type;            // "EC P-256", "RSA 2048", "ED25519"
  bool is_authority = false;       // may issue certificates
  bool is_self_issued = false;     // subject and issuer are the same name

  // INVALID_ARGUMENT (reason CERTIFICATE_MALFORMED) when an extension that is read here does not
  // parse, or says the same thing twice.
  static absl::StatusOr<Certificate> FromX509(const x509_st& certificate);

  // "CN=edge (serial 01AF)": what an error message calls it.
  std::string DisplayName() const;
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_CERTIFICATE_H_
