#include "core/tls/tls_fault.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/tls/openssl/error_queue.h"

namespace sipcm::tls {
namespace {

constexpr char kHandshakeRecord = 22;
constexpr char kAlertRecord = 21;

absl::Status Unavailable(absl::string_view reason, absl::string_view message) {
  return MakeError(absl::StatusCode::kUnavailable, reason, message);
}

// The peer's fatal alert behind an OpenSSL reason, or -1.
int AlertOf(int reason) {
  return reason > SSL_AD_REASON_OFFSET && reason <= SSL_AD_REASON_OFFSET + 255
             ? reason - SSL_AD_REASON_OFFSET
             : -1;
}

// Alerts by which a peer says that it does not take our certificate, or the lack of one.
bool IsAboutCertificate(int alert) {
  switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_CERTIFICATE_REQUIRED:
      return true;
    default:
      return false;
  }
}

const char* AlertText(int alert) {
  // OpenSSL 3.0 sends this one without knowing its name.
  if (alert == SSL_AD_CERTIFICATE_REQUIRED) return "certificate required";
  return SSL_alert_desc_string_long(alert);
}

absl::Status RefusedUs(absl::string_view peer, int alert) {
  return Unavailable(
      "PEER_REFUSED_US",
      absl::StrCat(peer, " refused our certificate with the TLS alert \"", AlertText(alert), "\"; ",
                   alert == SSL_AD_CERTIFICATE_REQUIRED
                       ? "it requires one, so set a certificate to present"
                       : "ask its operator which authority and which names it lets in"));
}

// What speaks plain text to a TLS port, or an empty string.
std::string PlainSpeaker(absl::string_view first_bytes) {
  if (first_bytes.empty() || first_bytes[0] == kHandshakeRecord || first_bytes[0] == kAlertRecord) {
    return "";
  }
  for (const absl::string_view method :
       {"GET /", "POST /", "PUT /", "HEAD /", "CONNECT ", "HTTP/"}) {
    if (absl::StartsWith(first_bytes, method)) return "HTTP";
  }
  const bool text = absl::ascii_isupper(static_cast<unsigned char>(first_bytes[0])) ||
                    first_bytes[0] == '\r' || first_bytes[0] == '\n';
  if (text && (absl::StrContains(first_bytes, " sip") || absl::StartsWith(first_bytes, "SIP/") ||
               first_bytes[0] == '\r')) {
    return "SIP without TLS";
  }
  return text ? "plain text" : "something that is not TLS";
}

}  // namespace

HandshakeFault TakeHandshakeFault(absl::string_view peer, absl::string_view first_bytes) {
  HandshakeFault fault;
  const int reason = ERR_GET_REASON(ERR_peek_error());
  const std::string words = TakeOpensslError();
  if (const std::string speaker = PlainSpeaker(first_bytes); !speaker.empty()) {
    fault.status =
        Unavailable("NOT_TLS", absl::StrCat("tls handshake with ", peer, " failed: it speaks ",
                                            speaker, " (\"", absl::CHexEscape(first_bytes),
                                            "\"); use TLS on both sides, or a TCP port"));
    return fault;
  }
  fault.certificate_missing = reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE;
  if (fault.certificate_missing) return fault;
  fault.message_too_large = reason == SSL_R_EXCESSIVE_MESSAGE_SIZE;
  const int alert = AlertOf(reason);
  if (alert >= 0 && IsAboutCertificate(alert)) {
    fault.status = RefusedUs(peer, alert);
  } else if (alert >= 0) {
    fault.status = Unavailable(
        "HANDSHAKE_FAILED",
        absl::StrCat("tls handshake with ", peer, " failed: it sent the alert \"", AlertText(alert),
                     "\"; compare TLS versions (1.2, 1.3) and ciphers"));
  } else {
    fault.status = Unavailable("HANDSHAKE_FAILED",
                               absl::StrCat("tls handshake with ", peer, " failed: ", words,
                                            "; compare TLS versions (1.2, 1.3) and ciphers"));
  }
  return fault;
}

absl::Status TakeStreamFault(absl::string_view peer) {
  const int alert = AlertOf(ERR_GET_REASON(ERR_peek_error()));
  const std::string words = TakeOpensslError();
  if (alert >= 0 && IsAboutCertificate(alert)) return RefusedUs(peer, alert);
  if (alert >= 0) {
    return Unavailable(
        "PEER_ALERT",
        absl::StrCat(peer, " ended the connection with the TLS alert \"", AlertText(alert), "\""));
  }
  return Unavailable("TLS_PROTOCOL_ERROR", absl::StrCat(peer, " broke the TLS protocol: ", words));
}

}  // namespace sipcm::tls
