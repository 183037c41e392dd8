#include "core/tls/pkcs12.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/tls/openssl/error_queue.h"
#include "core/tls/openssl/handle.h"
#include "core/tls/openssl/pem.h"
#include "core/tls/openssl/pkcs12_rounds.h"

namespace sipcm::tls {
namespace {

absl::Status Malformed(absl::string_view message) {
  return WithField(MakeError(absl::StatusCode::kInvalidArgument, "PKCS12_MALFORMED",
                             absl::StrCat("pkcs12: ", message)),
                   "pkcs12");
}

absl::Status CheckRounds(int64_t rounds) {
  if (rounds <= kMaxPkcs12Rounds) return absl::OkStatus();
  return WithField(
      MakeError(absl::StatusCode::kInvalidArgument, "FIELD_OUT_OF_RANGE",
                absl::StrCat("pkcs12: asks for ", rounds >= INT32_MAX ? "at least " : "", rounds,
                             " rounds of key derivation in all; it is 1 to ", kMaxPkcs12Rounds,
                             ": export again with a smaller \"-iter\"")),
      "pkcs12");
}

// PKCS#12 tells an empty password from none; people do not.
absl::Status CheckPassword(PKCS12* object, const std::string& password, const char** found) {
  ClearOpensslErrors();
  *found = password.c_str();
  if (PKCS12_mac_present(object) == 0 || PKCS12_verify_mac(object, *found, -1) == 1) {
    return absl::OkStatus();
  }
  if (password.empty() && PKCS12_verify_mac(object, nullptr, 0) == 1) {
    *found = nullptr;
    return absl::OkStatus();
  }
  ClearOpensslErrors();
  return WithField(
      MakeError(absl::StatusCode::kInvalidArgument, "PKCS12_PASSWORD_WRONG",
                password.empty()
                    ? "pkcs12_password: the PKCS#12 object has a password; give it"
                    : "pkcs12_password: does not open the PKCS#12 object; give the password it "
                      "was exported with"),
      "pkcs12_password");
}

// The leaf, then each one's issuer, taken out of `others` in whatever order these are.
std::string ChainPem(X509* leaf, STACK_OF(X509) * others) {
  std::string pem = CertificateToPem(*leaf);
  std::vector<X509*> left;
  left.reserve(std::max(0, sk_X509_num(others)));
  for (int i = 0; i < sk_X509_num(others); ++i) left.push_back(sk_X509_value(others, i));
  for (X509* last = leaf; X509_check_issued(last, last) != X509_V_OK;) {
    X509* issuer = nullptr;
    for (X509*& candidate : left) {
      if (candidate == nullptr || X509_check_issued(candidate, last) != X509_V_OK) continue;
      issuer = std::exchange(candidate, nullptr);
      break;
    }
    if (issuer == nullptr) break;
    pem += CertificateToPem(*issuer);
    last = issuer;
  }
  return pem;
}

std::string KeyPem(EVP_PKEY* key) {
  const OpensslHandle<bio_st> bio(BIO_new(BIO_s_secmem()));
  std::string pem;
  if (PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1) {
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);  // NOLINT: OpenSSL's own type
    pem.assign(text, static_cast<size_t>(size));
  }
  return pem;
}

}  // namespace

Pkcs12Content::~Pkcs12Content() { OPENSSL_cleanse(private_key_pem.data(), private_key_pem.size()); }

absl::StatusOr<Pkcs12Content> ReadPkcs12(absl::string_view der, absl::string_view password) {
  ClearOpensslErrors();
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<PKCS12, decltype(&PKCS12_free)> object(
      d2i_PKCS12(nullptr, &at, static_cast<long>(der.size())), PKCS12_free);  // NOLINT
  if (object == nullptr) {
    return Malformed(absl::StrCat("is no PKCS#12 object (", TakeOpensslError(),
                                  "); give the bytes of a .p12 or .pfx file"));
  }
  std::string given(password);
  const char* opens = nullptr;
  const int64_t outer_rounds = OuterPkcs12Rounds(*object);
  absl::Status checked = CheckRounds(outer_rounds);
  if (checked.ok()) checked = CheckPassword(object.get(), given, &opens);
  if (checked.ok()) checked = CheckRounds(outer_rounds + InnerPkcs12Rounds(*object, opens));
  EVP_PKEY* raw_key = nullptr;
  X509* raw_leaf = nullptr;
  STACK_OF(X509)* raw_others = nullptr;
  const bool parsed =
      checked.ok() && PKCS12_parse(object.get(), opens, &raw_key, &raw_leaf, &raw_others) == 1;
  OPENSSL_cleanse(given.data(), given.size());
  if (!checked.ok()) return checked;
  const OpensslHandle<evp_pkey_st> key(raw_key);
  const OpensslHandle<x509_st> leaf(raw_leaf);
  const auto free_others = [](STACK_OF(X509) * others) { sk_X509_pop_free(others, X509_free); };
  const std::unique_ptr<STACK_OF(X509), decltype(free_others)> others(raw_others, free_others);
  if (!parsed) {
    return Malformed(
        absl::StrCat("cannot be opened (", TakeOpensslError(),
                     "); old exports are encrypted by RC2: export again with \"openssl pkcs12 "
                     "-export -keypbe AES-256-CBC -certpbe AES-256-CBC\""));
  }
  if (key == nullptr) return Malformed("holds no private key; export it with its key");
  if (leaf == nullptr) return Malformed("holds no certificate of its key; export both");
  Pkcs12Content content;
  content.certificate_pem = ChainPem(leaf.get(), others.get());
  content.private_key_pem = KeyPem(key.get());
  return content;
}

}  // namespace sipcm::tls
