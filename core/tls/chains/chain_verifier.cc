#include "core/tls/chains/chain_verifier.h"

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/tls/certificate.h"
#include "core/tls/openssl/error_queue.h"
#include "core/tls/openssl/handle.h"

namespace sipcm::tls {
namespace {

using StoreContext = std::unique_ptr<X509_STORE_CTX, void (*)(X509_STORE_CTX*)>;
using NameConstraints = std::unique_ptr<NAME_CONSTRAINTS, void (*)(NAME_CONSTRAINTS*)>;

// OpenSSL asks for a CRL of every certificate; this lets pass what the bundle does not require.
int OnVerifyError(int ok, X509_STORE_CTX* context) {
  if (ok == 1) return 1;
  const auto* bundle = static_cast<const TrustBundle*>(X509_STORE_CTX_get_app_data(context));
  const int error = X509_STORE_CTX_get_error(context);
  if (error == X509_V_ERR_CRL_HAS_EXPIRED) {
    return bundle->stale_crl() == StaleCrl::kAccept ? 1 : 0;
  }
  if (error != X509_V_ERR_UNABLE_TO_GET_CRL) return 0;
  const X509* certificate = X509_STORE_CTX_get_current_cert(context);
  if (certificate == nullptr || bundle->HasCrlOf(*certificate)) return 0;
  const int depth = X509_STORE_CTX_get_error_depth(context);
  const int last = sk_X509_num(X509_STORE_CTX_get0_chain(context)) - 1;
  const bool required = bundle->crl_check() == CrlCheck::kChain ? depth < last : depth == 0;
  return required ? 0 : 1;
}

PeerRefusal RefusalOf(int error) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return PeerRefusal::kExpired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return PeerRefusal::kNotYetValid;
    case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
    case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
    case X509_V_ERR_INVALID_EXTENSION:
      return PeerRefusal::kMalformed;
    case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
    case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_INVALID_NON_CA:
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
    case X509_V_ERR_INVALID_PURPOSE:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
    case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
    case X509_V_ERR_PERMITTED_VIOLATION:
    case X509_V_ERR_EXCLUDED_VIOLATION:
    case X509_V_ERR_SUBTREE_MINMAX:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
    case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
    case X509_V_ERR_PATH_LOOP:
      return PeerRefusal::kChainInvalid;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
      return PeerRefusal::kWeakKeyOrSignature;
    case X509_V_ERR_CERT_CHAIN_TOO_LONG:
      return PeerRefusal::kChainTooLong;
    case X509_V_ERR_CERT_REVOKED:
      return PeerRefusal::kRevoked;
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
    case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
    case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
    case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
    case X509_V_ERR_DIFFERENT_CRL_SCOPE:
    case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
      return PeerRefusal::kRevocationUnknown;
    default:
      return PeerRefusal::kUntrustedChain;
  }
}

const char* RemedyOf(PeerRefusal refusal) {
  switch (refusal) {
    case PeerRefusal::kExpired:
      return "the peer needs a renewed certificate";
    case PeerRefusal::kNotYetValid:
      return "compare the clocks of both hosts";
    case PeerRefusal::kMalformed:
    case PeerRefusal::kChainInvalid:
      return "the peer needs a certificate issued anew";
    case PeerRefusal::kWeakKeyOrSignature:
      return "the peer needs keys of ECDSA P-256 or RSA of 2048 bits and more, signed with SHA-256";
    case PeerRefusal::kChainTooLong:
      return "shorten the chain, or raise max_chain_length";
    case PeerRefusal::kRevoked:
      return "its issuer has withdrawn it; the peer needs another certificate";
    case PeerRefusal::kRevocationUnknown:
      return "put its issuer's current revocation list into the trust bundle";
    default:
      return "the peer must send its intermediate certificates, and the authority at their end "
             "must be in the trust bundle";
  }
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime(absl::RFC3339_sec, time, absl::UTCTimeZone());
}

ChainVerdict Explain(const TrustBundle& bundle, int error, const X509* x509, absl::Time at) {
  ChainVerdict verdict;
  verdict.refusal = RefusalOf(error);
  absl::StatusOr<Certificate> certificate = absl::UnknownError("");
  if (x509 != nullptr) certificate = Certificate::FromX509(*x509);
  verdict.explanation = absl::StrCat(
      "certificate ", certificate.ok() ? certificate->DisplayName() : "of the peer's chain");
  switch (verdict.refusal) {
    case PeerRefusal::kExpired:
      absl::StrAppend(&verdict.explanation, " has expired");
      if (certificate.ok()) {
        absl::StrAppend(&verdict.explanation, " at ", TimeText(certificate->not_after));
      }
      break;
    case PeerRefusal::kNotYetValid:
      absl::StrAppend(&verdict.explanation, " is not valid yet");
      if (certificate.ok()) {
        absl::StrAppend(&verdict.explanation, ", only from ", TimeText(certificate->not_before));
      }
      absl::StrAppend(&verdict.explanation, " (it is ", TimeText(at), ")");
      break;
    case PeerRefusal::kUntrustedChain:
      absl::StrAppend(&verdict.explanation, " is not trusted by \"", bundle.versioned_name(),
                      "\" (", X509_verify_cert_error_string(error), ")");
      break;
    default:
      absl::StrAppend(&verdict.explanation, " is refused (", X509_verify_cert_error_string(error),
                      ")");
  }
  absl::StrAppend(&verdict.explanation, "; ", RemedyOf(verdict.refusal));
  return verdict;
}

// Some of `names`' domains come from SIP URIs, which DNS name constraints do not reach by
// themselves: the domains, written as dNSNames, must satisfy the constraints too.
bool SatisfyNameConstraints(const CertificateNames& names, STACK_OF(X509) * chain) {
  if (names.domains.empty()) return true;
  OpensslHandle<x509_st> stand_in;
  for (int i = 1; i < sk_X509_num(chain); ++i) {
    const NameConstraints constraints(
        static_cast<NAME_CONSTRAINTS*>(
            X509_get_ext_d2i(sk_X509_value(chain, i), NID_name_constraints, nullptr, nullptr)),
        NAME_CONSTRAINTS_free);
    if (constraints == nullptr) continue;
    if (stand_in == nullptr) {
      stand_in.reset(X509_new());
      GENERAL_NAMES* list = GENERAL_NAMES_new();
      for (const std::string& domain : names.domains) {
        ASN1_IA5STRING* text = ASN1_IA5STRING_new();
        ASN1_STRING_set(text, domain.data(), static_cast<int>(domain.size()));
        GENERAL_NAME* name = GENERAL_NAME_new();
        GENERAL_NAME_set0_value(name, GEN_DNS, text);
        sk_GENERAL_NAME_push(list, name);
      }
      X509_add1_ext_i2d(stand_in.get(), NID_subject_alt_name, list, 0, X509V3_ADD_DEFAULT);
      GENERAL_NAMES_free(list);
      X509_check_purpose(stand_in.get(), -1, 0);  // reads the extension in
    }
    if (NAME_CONSTRAINTS_check(stand_in.get(), constraints.get()) != X509_V_OK) return false;
  }
  return true;
}

void SetRules(const TrustBundle& bundle, NameCheck check, int max_length, absl::Time at,
              X509_STORE_CTX* context) {
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_time(parameters, absl::ToTimeT(at));
  // OpenSSL counts the certificates between leaf and anchor.
  X509_VERIFY_PARAM_set_depth(parameters, std::max(0, max_length - 2));
  X509_VERIFY_PARAM_set_auth_level(parameters, 2);
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
  if (check == NameCheck::kSubjectAndAlternative) {
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT);
  }
  if (bundle.crl_check() != CrlCheck::kOff) {
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    X509_STORE_CTX_set_app_data(context, const_cast<TrustBundle*>(&bundle));
    X509_STORE_CTX_set_verify_cb(context, OnVerifyError);
  }
}

}  // namespace

ChainVerdict VerifyChain(const TrustBundle& bundle, const CertificateChain& chain,
                         const CertificateNames& names, NameCheck check, int max_length,
                         absl::Time at) {
  if (chain.size() > static_cast<size_t>(max_length)) {
    return {PeerRefusal::kChainTooLong,
            absl::StrCat("the peer sent ", chain.size(), " certificates, more than ", max_length,
                         "; ", RemedyOf(PeerRefusal::kChainTooLong))};
  }
  ClearOpensslErrors();
  const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> untrusted(
      sk_X509_new_null(), [](STACK_OF(X509) * stack) { sk_X509_free(stack); });
  for (size_t i = 1; i < chain.size(); ++i) {
    sk_X509_push(untrusted.get(), chain.certificates()[i].get());
  }
  const StoreContext context(X509_STORE_CTX_new(), X509_STORE_CTX_free);
  if (X509_STORE_CTX_init(context.get(), bundle.store(), chain.certificates()[0].get(),
                          untrusted.get()) != 1) {
    return {PeerRefusal::kUntrustedChain,
            absl::StrCat("the certificates cannot be verified: ", TakeOpensslError())};
  }
  SetRules(bundle, check, max_length, at, context.get());
  ChainVerdict verdict;
  if (X509_verify_cert(context.get()) != 1) {
    verdict = Explain(bundle, X509_STORE_CTX_get_error(context.get()),
                      X509_STORE_CTX_get_current_cert(context.get()), at);
  } else if (sk_X509_num(X509_STORE_CTX_get0_chain(context.get())) > max_length) {
    verdict = Explain(bundle, X509_V_ERR_CERT_CHAIN_TOO_LONG, chain.certificates()[0].get(), at);
  } else if (!SatisfyNameConstraints(names, X509_STORE_CTX_get0_chain(context.get()))) {
    verdict = Explain(bundle, X509_V_ERR_PERMITTED_VIOLATION, chain.certificates()[0].get(), at);
  }
  ClearOpensslErrors();
  return verdict;
}

}  // namespace sipcm::tls
