#include "core/tls/message_digest.h"

#include <openssl/evp.h>

#include "absl/strings/escaping.h"
#include "core/base/check.h"

namespace sipcm::tls {
namespace {

std::string Hex(const EVP_MD* algorithm, absl::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  SIPCM_CHECK(EVP_Digest(text.data(), text.size(), digest, &length, algorithm, nullptr) == 1);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), length));
}

}  // namespace

std::string Md5Hex(absl::string_view text) { return Hex(EVP_md5(), text); }

std::string Sha256Hex(absl::string_view text) { return Hex(EVP_sha256(), text); }

}  // namespace sipcm::tls
