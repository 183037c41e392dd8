#include "core/sip/digest_auth.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/sip/parameters.h"

namespace sipcm::sip {
namespace {

absl::Status NotServed(absl::string_view what, absl::string_view value) {
  return MakeError(absl::StatusCode::kUnimplemented, "AUTHENTICATION_FAILED",
                   absl::StrCat("the challenge has the ", what, " \"", value,
                                "\", which is not served: only Digest with MD5 or SHA-256 and qop "
                                "auth or auth-int is"));
}

// What is between the quotes, or the token itself.
absl::string_view Unquoted(absl::string_view value) {
  const size_t length = QuotedStringLength(value);
  return length >= 2 && length == value.size() ? value.substr(1, value.size() - 2) : value;
}

std::string Quoted(absl::string_view raw) {
  std::string quoted = "\"";
  for (const char c : raw) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  quoted.push_back('"');
  return quoted;
}

absl::Status ReadAlgorithm(absl::string_view name, DigestChallenge* challenge) {
  challenge->algorithm_name = std::string(name);
  if (absl::EndsWithIgnoreCase(name, "-sess")) {
    challenge->key = DigestKey::kSession;
    name.remove_suffix(5);
  }
  if (absl::EqualsIgnoreCase(name, "MD5")) {
    challenge->algorithm = DigestAlgorithm::kMd5;
  } else if (absl::EqualsIgnoreCase(name, "SHA-256")) {
    challenge->algorithm = DigestAlgorithm::kSha256;
  } else {
    return NotServed("algorithm", challenge->algorithm_name);
  }
  return absl::OkStatus();
}

absl::Status ReadQuality(absl::string_view options, DigestChallenge* challenge) {
  ListIterator list(options);
  for (absl::string_view option; list.Next(&option);) {
    if (absl::EqualsIgnoreCase(option, "auth")) {
      challenge->quality = DigestQuality::kAuth;
      return absl::OkStatus();
    }
    if (absl::EqualsIgnoreCase(option, "auth-int")) {
      challenge->quality = DigestQuality::kAuthIntegrity;
    }
  }
  return challenge->quality == DigestQuality::kAuthIntegrity ? absl::OkStatus()
                                                             : NotServed("qop", options);
}

// Calls read(name, value) for each name=value of a comma-separated list, until one is refused.
template <typename Read>
absl::Status ReadParameters(absl::string_view text, Read read) {
  ListIterator list(text);
  for (absl::string_view element; list.Next(&element);) {
    const size_t equals = element.find('=');
    if (equals == absl::string_view::npos) continue;
    const absl::Status status =
        read(absl::StripAsciiWhitespace(element.substr(0, equals)),
             Unquoted(absl::StripAsciiWhitespace(element.substr(equals + 1))));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::string_view QualityName(DigestQuality quality) {
  return quality == DigestQuality::kAuthIntegrity ? "auth-int" : "auth";
}

absl::Status ReadParameter(absl::string_view name, absl::string_view value,
                           DigestChallenge* challenge) {
  if (absl::EqualsIgnoreCase(name, "realm")) challenge->realm = std::string(value);
  if (absl::EqualsIgnoreCase(name, "nonce")) challenge->nonce = std::string(value);
  if (absl::EqualsIgnoreCase(name, "opaque")) challenge->opaque = std::string(value);
  if (absl::EqualsIgnoreCase(name, "stale")) {
    challenge->stale = absl::EqualsIgnoreCase(value, "true");
  }
  if (absl::EqualsIgnoreCase(name, "algorithm")) return ReadAlgorithm(value, challenge);
  if (absl::EqualsIgnoreCase(name, "qop")) return ReadQuality(value, challenge);
  return absl::OkStatus();  // what is not known is passed over (RFC 7616 3.3)
}

std::string CountText(uint32_t nonce_count) {
  return absl::StrCat(absl::Hex(nonce_count, absl::kZeroPad8));
}

}  // namespace

absl::StatusOr<DigestChallenge> ParseDigestChallenge(absl::string_view value) {
  value = absl::StripAsciiWhitespace(value);
  const size_t space = value.find_first_of(" \t");
  if (!absl::EqualsIgnoreCase(value.substr(0, space), "Digest")) {
    return NotServed("scheme", value.substr(0, space));
  }
  DigestChallenge challenge;
  SIPCM_RETURN_IF_ERROR(
      ReadParameters(space == absl::string_view::npos ? absl::string_view() : value.substr(space),
                     [&](absl::string_view name, absl::string_view text) {
                       return ReadParameter(name, text, &challenge);
                     }));
  if (challenge.realm.empty() || challenge.nonce.empty()) {
    return MakeError(absl::StatusCode::kInvalidArgument, "AUTHENTICATION_FAILED",
                     "the challenge has no realm or no nonce");
  }
  if (challenge.realm.size() + challenge.nonce.size() + challenge.opaque.size() >
      kMaxChallengeBytes) {
    return MakeError(absl::StatusCode::kInvalidArgument, "AUTHENTICATION_FAILED",
                     absl::StrCat("the challenge's realm, nonce and opaque are longer than ",
                                  kMaxChallengeBytes, " bytes together"));
  }
  return challenge;
}

AuthenticationInfo ParseAuthenticationInfo(absl::string_view value) {
  AuthenticationInfo info;
  ReadParameters(value, [&info](absl::string_view name, absl::string_view text) {
    if (text.size() > kMaxChallengeBytes) return absl::OkStatus();
    if (absl::EqualsIgnoreCase(name, "nextnonce")) info.next_nonce = std::string(text);
    if (absl::EqualsIgnoreCase(name, "rspauth")) info.proof = std::string(text);
    if (absl::EqualsIgnoreCase(name, "cnonce")) info.cnonce = std::string(text);
    return absl::OkStatus();
  }).IgnoreError();
  return info;
}

// RFC 7616 3.4.1 to 3.4.3: what proves that whoever sends it knows the password.
std::string MakeDigestProof(const DigestChallenge& challenge, const DigestCredentials& credentials,
                            const DigestRequest& request, DigestHash hash) {
  const auto hashed = [&](const std::string& text) { return hash(challenge.algorithm, text); };
  std::string key =
      hashed(absl::StrCat(credentials.username, ":", challenge.realm, ":", credentials.password));
  if (challenge.key == DigestKey::kSession) {
    key = hashed(absl::StrCat(key, ":", challenge.nonce, ":", request.cnonce));
  }
  std::string target = absl::StrCat(request.method, ":", request.uri);
  if (challenge.quality == DigestQuality::kAuthIntegrity) {
    absl::StrAppend(&target, ":", hashed(std::string(request.body)));
  }
  const std::string middle =
      challenge.quality == DigestQuality::kNone
          ? challenge.nonce
          : absl::StrCat(challenge.nonce, ":", CountText(request.nonce_count), ":", request.cnonce,
                         ":", QualityName(challenge.quality));
  return hashed(absl::StrCat(key, ":", middle, ":", hashed(target)));
}

std::string MakeDigestAnswer(const DigestChallenge& challenge, const DigestCredentials& credentials,
                             const DigestRequest& request, DigestHash hash) {
  const bool has_quality = challenge.quality != DigestQuality::kNone;
  std::string answer =
      absl::StrCat("Digest username=", Quoted(credentials.username), ", realm=\"", challenge.realm,
                   "\", nonce=\"", challenge.nonce, "\", uri=\"", request.uri, "\", response=\"",
                   MakeDigestProof(challenge, credentials, request, hash), "\"");
  if (!challenge.algorithm_name.empty()) {
    absl::StrAppend(&answer, ", algorithm=", challenge.algorithm_name);
  }
  if (has_quality) {
    absl::StrAppend(&answer, ", qop=", QualityName(challenge.quality),
                    ", nc=", CountText(request.nonce_count));
  }
  if (has_quality || challenge.key == DigestKey::kSession) {
    absl::StrAppend(&answer, ", cnonce=\"", request.cnonce, "\"");
  }
  if (!challenge.opaque.empty()) {
    absl::StrAppend(&answer, ", opaque=\"", challenge.opaque, "\"");
  }
  return answer;
}

}  // namespace sipcm::sip
