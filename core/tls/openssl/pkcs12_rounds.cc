#include "core/tls/openssl/pkcs12_rounds.h"

#include <openssl/asn1t.h>
#include <openssl/objects.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>

#include "core/tls/openssl/error_queue.h"

namespace sipcm::tls {
namespace {

// Beyond all limits, and may be added up without overflow.
constexpr int64_t kTooMany = std::numeric_limits<int32_t>::max();

int64_t ValueOf(const ASN1_INTEGER* number) {
  int64_t value = 1;
  if (number != nullptr && ASN1_INTEGER_get_int64(&value, number) != 1) return kTooMany;
  return value < 0 ? kTooMany : std::min(value, kTooMany);
}

int64_t Sum(int64_t a, int64_t b) { return std::min(a + b, kTooMany); }

// The parameters of an algorithm; null when they are not of that type.
template <typename T>
std::unique_ptr<T, void (*)(T*)> ParametersOf(const X509_ALGOR& algorithm, const ASN1_ITEM* type,
                                              void (*release)(T*)) {
  return {static_cast<T*>(ASN1_TYPE_unpack_sequence(type, algorithm.parameter)), release};
}

int64_t RoundsOf(const X509_ALGOR& algorithm) {
  switch (OBJ_obj2nid(algorithm.algorithm)) {
    case NID_pbes2: {
      const auto scheme = ParametersOf(algorithm, ASN1_ITEM_rptr(PBE2PARAM), PBE2PARAM_free);
      return scheme == nullptr ? 1 : RoundsOf(*scheme->keyfunc);
    }
    case NID_id_pbkdf2: {
      const auto pbkdf2 = ParametersOf(algorithm, ASN1_ITEM_rptr(PBKDF2PARAM), PBKDF2PARAM_free);
      return pbkdf2 == nullptr ? 1 : ValueOf(pbkdf2->iter);
    }
    case NID_id_scrypt: {
      // Its memory is bounded by OpenSSL, its parallel runs are not.
      const auto scrypt =
          ParametersOf(algorithm, ASN1_ITEM_rptr(SCRYPT_PARAMS), SCRYPT_PARAMS_free);
      if (scrypt == nullptr) return 1;
      const int64_t runs = ValueOf(scrypt->parallelizationParameter);
      return std::min(ValueOf(scrypt->costParameter) * runs, kTooMany);
    }
    default: {
      const auto pbe = ParametersOf(algorithm, ASN1_ITEM_rptr(PBEPARAM), PBEPARAM_free);
      return pbe == nullptr ? 1 : ValueOf(pbe->iter);
    }
  }
}

int64_t RoundsOf(const STACK_OF(PKCS12_SAFEBAG) * bags) {
  int64_t rounds = 0;
  for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); ++i) {
    const PKCS12_SAFEBAG* const bag = sk_PKCS12_SAFEBAG_value(bags, i);
    if (PKCS12_SAFEBAG_get_nid(bag) == NID_pkcs8ShroudedKeyBag) {
      const X509_ALGOR* algorithm = nullptr;
      X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &algorithm, nullptr);
      rounds = Sum(rounds, RoundsOf(*algorithm));
    } else if (PKCS12_SAFEBAG_get_nid(bag) == NID_safeContentsBag) {
      rounds = Sum(rounds, RoundsOf(PKCS12_SAFEBAG_get0_safes(bag)));
    }
  }
  return rounds;
}

int64_t RoundsAndFree(STACK_OF(PKCS12_SAFEBAG) * bags) {
  const int64_t rounds = RoundsOf(bags);
  sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
  return rounds;
}

// `of` each part.
template <typename Of>
int64_t RoundsOfParts(const PKCS12& object, Of of) {
  STACK_OF(PKCS7)* const parts = PKCS12_unpack_authsafes(&object);
  int64_t rounds = 0;
  for (int i = 0; i < sk_PKCS7_num(parts); ++i) rounds = Sum(rounds, of(sk_PKCS7_value(parts, i)));
  sk_PKCS7_pop_free(parts, PKCS7_free);
  ClearOpensslErrors();  // what cannot be read is for PKCS12_parse to say
  return rounds;
}

bool IsEncrypted(const PKCS7* part) {
  return PKCS7_type_is_encrypted(part) && part->d.encrypted->enc_data != nullptr &&
         part->d.encrypted->enc_data->algorithm != nullptr;
}

}  // namespace

int64_t OuterPkcs12Rounds(const PKCS12& object) {
  const ASN1_INTEGER* of_mac = nullptr;
  if (PKCS12_mac_present(&object) == 1) {
    PKCS12_get0_mac(nullptr, nullptr, nullptr, &of_mac, &object);
  }
  return Sum(ValueOf(of_mac), RoundsOfParts(object, [](PKCS7* part) {
               if (IsEncrypted(part)) return RoundsOf(*part->d.encrypted->enc_data->algorithm);
               return PKCS7_type_is_data(part) ? RoundsAndFree(PKCS12_unpack_p7data(part)) : 0;
             }));
}

int64_t InnerPkcs12Rounds(const PKCS12& object, const char* password) {
  const int length = password == nullptr ? 0 : static_cast<int>(std::strlen(password));
  return RoundsOfParts(object, [&](PKCS7* part) -> int64_t {
    if (!IsEncrypted(part)) return 0;
    return RoundsAndFree(PKCS12_unpack_p7encdata(part, password, length));
  });
}

}  // namespace sipcm::tls
