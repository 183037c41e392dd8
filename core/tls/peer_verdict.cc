#include "core/tls/peer_verdict.h"

#include <cstddef>

#include "core/base/error.h"

namespace sipcm::tls {
namespace {

struct Words {
  absl::string_view name;
  absl::string_view reason;
  absl::string_view alert;
};

// By PeerRefusal. The alerts are what OpenSSL makes of the errors in tls_stream.cc; a test holds
// both together.
constexpr Words kWords[] = {
    {"", "", ""},
    {"NO_CERTIFICATE", "PEER_NOT_TRUSTED", "certificate_required"},
    {"MALFORMED_CERTIFICATE", "PEER_NOT_TRUSTED", "bad_certificate"},
    {"UNTRUSTED_ISSUER", "PEER_NOT_TRUSTED", "unknown_ca"},
    {"CERTIFICATE_EXPIRED", "PEER_CERTIFICATE_EXPIRED", "certificate_expired"},
    {"CERTIFICATE_NOT_YET_VALID", "PEER_NOT_TRUSTED", "bad_certificate"},
    {"CERTIFICATE_REVOKED", "PEER_CERTIFICATE_REVOKED", "certificate_revoked"},
    {"CRL_UNUSABLE", "PEER_NOT_TRUSTED", "certificate_unknown"},
    {"CHAIN_INVALID", "PEER_NOT_TRUSTED", "bad_certificate"},
    {"CHAIN_TOO_LONG", "PEER_NOT_TRUSTED", "unknown_ca"},
    {"WEAK_KEY_OR_SIGNATURE", "PEER_NOT_TRUSTED", "bad_certificate"},
    {"EXTENDED_KEY_USAGE", "PEER_KEY_USAGE", "unsupported_certificate"},
    {"NO_USABLE_NAME", "PEER_NOT_ALLOWED", "certificate_unknown"},
    {"NOT_IN_ALLOWED_DOMAINS", "PEER_NOT_ALLOWED", "certificate_unknown"},
    {"ALLOWED_DOMAIN_ISSUER", "PEER_NOT_ALLOWED", "certificate_unknown"},
    {"NO_ALLOWED_DOMAINS", "PEER_NOT_ALLOWED", "certificate_unknown"},
    {"PEER_NAME_MISMATCH", "PEER_NAME_MISMATCH", "bad_certificate"},
};
static_assert(sizeof(kWords) / sizeof(kWords[0]) ==
              static_cast<size_t>(PeerRefusal::kNameMismatch) + 1);

const Words& WordsOf(PeerRefusal refusal) { return kWords[static_cast<size_t>(refusal)]; }

}  // namespace

absl::string_view NameOfRefusal(PeerRefusal refusal) { return WordsOf(refusal).name; }
absl::string_view ReasonOfRefusal(PeerRefusal refusal) { return WordsOf(refusal).reason; }
absl::string_view AlertOfRefusal(PeerRefusal refusal) { return WordsOf(refusal).alert; }

absl::Status PeerVerdict::ToStatus() const {
  if (allowed()) return absl::OkStatus();
  return MakeError(absl::StatusCode::kFailedPrecondition, ReasonOfRefusal(refusal), explanation);
}

}  // namespace sipcm::tls
