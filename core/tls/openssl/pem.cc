#include "core/tls/openssl/pem.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/tls/openssl/error_queue.h"
#include "core/tls/openssl/handle.h"

namespace sipcm::tls {
namespace {

absl::Status Malformed(absl::string_view message) {
  return MakeError(absl::StatusCode::kInvalidArgument, "CERTIFICATE_MALFORMED", message);
}

// "-----BEGIN" markers, so that text which OpenSSL skips as noise is not skipped in silence.
int CountBeginMarkers(absl::string_view pem) {
  constexpr absl::string_view kBegin = "-----BEGIN ";
  int count = 0;
  for (size_t at = pem.find(kBegin); at != absl::string_view::npos;
       at = pem.find(kBegin, at + kBegin.size())) {
    ++count;
  }
  return count;
}

}  // namespace

PemBlock::~PemBlock() { OPENSSL_cleanse(der.data(), der.size()); }

absl::StatusOr<std::vector<PemBlock>> ReadPemBlocks(absl::string_view pem) {
  if (pem.size() > kMaxPemBytes) {
    return Malformed(absl::StrCat("text of ", pem.size(), " bytes is longer than ", kMaxPemBytes,
                                  " bytes; split the bundle"));
  }
  ClearOpensslErrors();
  OpensslHandle<bio_st> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<PemBlock> blocks;
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;  // NOLINT: OpenSSL's own type
  while (PEM_read_bio(bio.get(), &name, &header, &data, &size) == 1) {
    PemBlock& block = blocks.emplace_back();
    block.label = name;
    block.der.assign(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
    block.encrypted =
        absl::StrContains(header, "ENCRYPTED") || block.label == "ENCRYPTED PRIVATE KEY";
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<size_t>(size));
  }
  const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string cause = TakeOpensslError();
  if (!ended || CountBeginMarkers(pem) != static_cast<int>(blocks.size())) {
    return Malformed(absl::StrCat("PEM block ", blocks.size() + 1, " cannot be read (",
                                  ended ? "no proper BEGIN and END lines" : cause,
                                  "); give whole \"-----BEGIN ...-----\" blocks with base64 "
                                  "between, lines kept as they were"));
  }
  return blocks;
}

absl::StatusOr<std::shared_ptr<x509_st>> ParseCertificateDer(absl::string_view der) {
  ClearOpensslErrors();
  const auto* begin = reinterpret_cast<const unsigned char*>(der.data());
  const unsigned char* at = begin;
  std::shared_ptr<x509_st> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())),
                                       OpensslDeleter());
  if (certificate == nullptr || at != begin + der.size()) {
    return Malformed(absl::StrCat("the block is no X.509 certificate (", TakeOpensslError(),
                                  "); export the certificate again"));
  }
  return certificate;
}

absl::StatusOr<std::vector<std::shared_ptr<x509_st>>> ReadPemCertificates(absl::string_view pem) {
  SIPCM_ASSIGN_OR_RETURN(const std::vector<PemBlock> blocks, ReadPemBlocks(pem));
  std::vector<std::shared_ptr<x509_st>> certificates;
  std::vector<std::string> others;
  for (const PemBlock& block : blocks) {
    if (block.label != "CERTIFICATE" && block.label != "X509 CERTIFICATE") {
      others.push_back(block.label);
      continue;
    }
    absl::StatusOr<std::shared_ptr<x509_st>> certificate = ParseCertificateDer(block.der);
    if (!certificate.ok()) {
      return Malformed(absl::StrCat("certificate ", certificates.size() + 1, ": ",
                                    certificate.status().message()));
    }
    certificates.push_back(*std::move(certificate));
  }
  if (certificates.empty()) {
    return Malformed(
        absl::StrCat("the text holds no \"-----BEGIN CERTIFICATE-----\" block",
                     others.empty() ? "" : absl::StrCat(", only ", absl::StrJoin(others, ", ")),
                     "; give the certificate in PEM, the leaf first, then its issuers"));
  }
  return certificates;
}

std::string CertificateToPem(const x509_st& certificate) {
  const OpensslHandle<bio_st> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), &certificate);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);  // NOLINT: OpenSSL's own type
  return std::string(text, static_cast<size_t>(size));
}

}  // namespace sipcm::tls
