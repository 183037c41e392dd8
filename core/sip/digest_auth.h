#ifndef SIPCM_CORE_SIP_DIGEST_AUTH_H_
#define SIPCM_CORE_SIP_DIGEST_AUTH_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sipcm::sip {

enum class DigestAlgorithm : uint8_t { kMd5, kSha256 };
// Whether the key is bound to the first nonces of both sides ("-sess").
enum class DigestKey : uint8_t { kPlain, kSession };
// qop; none: as RFC 2069 did. kAuthIntegrity covers the body too.
enum class DigestQuality : uint8_t { kNone, kAuth, kAuthIntegrity };

// A hash as lower-case hexadecimal digits.
using DigestHash = std::string (*)(DigestAlgorithm algorithm, absl::string_view text);

// The most bytes of realm, nonce and opaque together, or of a nextnonce: they come back in each
// request, and who challenges must not make these as large as it likes.
inline constexpr size_t kMaxChallengeBytes = 2048;

// What a WWW-Authenticate or Proxy-Authenticate asks for (RFC 7616 3.3).
struct DigestChallenge {
  // As between their quotes, escapes included: they go back byte for byte.
  std::string realm;
  std::string nonce;
  std::string opaque;
  std::string algorithm_name;  // as written; empty: none, which means MD5
  DigestAlgorithm algorithm = DigestAlgorithm::kMd5;
  DigestKey key = DigestKey::kPlain;
  DigestQuality quality = DigestQuality::kNone;
  bool stale = false;  // the nonce was too old; the credentials may be right
};

// One header value. Where both qualities are offered it is kAuth, which a proxy that changes the
// body does not break. UNIMPLEMENTED for another scheme, algorithm or quality of protection (the
// next challenge of the message may do: RFC 8760 2.3), INVALID_ARGUMENT without realm or nonce or
// beyond kMaxChallengeBytes.
absl::StatusOr<DigestChallenge> ParseDigestChallenge(absl::string_view value);

// What an Authentication-Info or Proxy-Authentication-Info value says (RFC 7616 3.5), as between
// its quotes; empty: nothing, or more than kMaxChallengeBytes.
struct AuthenticationInfo {
  std::string next_nonce;  // for the next request
  std::string proof;       // rspauth: that the server knows the password
  std::string cnonce;      // of the request that it is about
};
AuthenticationInfo ParseAuthenticationInfo(absl::string_view value);

struct DigestCredentials {
  std::string username;
  std::string password;
};

// The request that is to be authorised.
struct DigestRequest {
  absl::string_view method;
  absl::string_view uri;     // the Request-URI
  absl::string_view body;    // counts with kAuthIntegrity
  absl::string_view cnonce;  // hexadecimal digits, ours
  uint32_t nonce_count = 1;  // requests sent with this nonce, this one included
};

// The value of the Authorization or Proxy-Authorization header that answers `challenge`. Pure.
std::string MakeDigestAnswer(const DigestChallenge& challenge, const DigestCredentials& credentials,
                             const DigestRequest& request, DigestHash hash);

// The proof of a server that knows the password, in its answer to `request`: but for the method,
// which is left out, and the body, which is the answer's. Pure.
std::string MakeDigestProof(const DigestChallenge& challenge, const DigestCredentials& credentials,
                            const DigestRequest& request, DigestHash hash);

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_DIGEST_AUTH_H_
