#include "core/tls/pkcs12.h"

#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/tls/credential.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/pki/certificate_authority.h"

namespace sipcm::tls {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class Pkcs12Test : public ::testing::Test {
 protected:
  static std::string Refused(const std::string& der, const std::string& password,
                             const std::string& reason, const std::string& field) {
    const auto content = ReadPkcs12(der, password);
    EXPECT_EQ(content.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(content.status()), reason) << content.status();
    EXPECT_EQ(FieldOf(content.status()), field);
    return std::string(content.status().message());
  }

  const pki::CertificateAuthority root_{"Root"};
  const std::unique_ptr<pki::CertificateAuthority> middle_ = root_.IssueAuthority("Middle");
  const pki::IssuedCertificate edge_ = middle_->Issue({.common_name = "edge"});
};

TEST_F(Pkcs12Test, HoldsKeyAndChainInOrderWhateverElseIsInIt) {
  const pki::CertificateAuthority stranger("Stranger");
  const std::string der =
      pki::MakePkcs12(edge_, "secret", stranger.certificate_pem() + root_.certificate_pem());
  const auto content = ReadPkcs12(der, "secret");
  ASSERT_TRUE(content.ok()) << content.status();
  const auto credential =
      Credential::FromPem("certificates/edge", "1", content->certificate_pem,
                          content->private_key_pem, absl::FromUnixSeconds(1'780'000'000));
  ASSERT_TRUE(credential.ok()) << credential.status();
  ASSERT_THAT((*credential)->certificates(), SizeIs(3));
  EXPECT_EQ((*credential)->certificates()[0].subject, "CN=edge");
  EXPECT_EQ((*credential)->certificates()[1].subject, "CN=Middle");
  EXPECT_EQ((*credential)->certificates()[2].subject, "CN=Root");
}

TEST_F(Pkcs12Test, AnEmptyPasswordIsAPassword) {
  EXPECT_TRUE(ReadPkcs12(pki::MakePkcs12(edge_, ""), "").ok());
}

TEST_F(Pkcs12Test, AWrongPasswordIsToldFromDamage) {
  const std::string der = pki::MakePkcs12(edge_, "secret");
  Refused(der, "Secret", "PKCS12_PASSWORD_WRONG", "pkcs12_password");
  EXPECT_THAT(Refused(der, "", "PKCS12_PASSWORD_WRONG", "pkcs12_password"), HasSubstr("give it"));
  for (const std::string& damaged :
       {std::string("hello"), std::string(), der.substr(0, der.size() / 2), edge_.chain_pem}) {
    Refused(damaged, "secret", "PKCS12_MALFORMED", "pkcs12");
  }
}

TEST_F(Pkcs12Test, WhatIsRefusedSaysNothingOfThePassword) {
  const std::string der = pki::MakePkcs12(edge_, "secret");
  EXPECT_THAT(Refused(der, "hunter2", "PKCS12_PASSWORD_WRONG", "pkcs12_password"),
              ::testing::Not(HasSubstr("hunter2")));
}

// How long opening takes is for the object to say, so there is a limit; whichever part says it.
TEST_F(Pkcs12Test, RoundsOfKeyDerivationAreLimitedInEachPart) {
  const std::string der = pki::MakePkcs12(edge_, "secret", "", "AES-256-CBC", 0x20000);
  ASSERT_TRUE(ReadPkcs12(der, "secret").ok());
  const std::string rounds("\x02\x03\x02\x00\x00", 5);  // as an INTEGER in DER
  const std::string too_many("\x02\x03\x7f\xff\xff", 5);
  int parts = 0;
  for (size_t at = der.find(rounds); at != std::string::npos; at = der.find(rounds, at + 1)) {
    std::string hostile = der;
    hostile.replace(at, rounds.size(), too_many);
    const std::string message = Refused(hostile, "secret", "FIELD_OUT_OF_RANGE", "pkcs12");
    EXPECT_THAT(message, HasSubstr(std::to_string(0x7fffff + 2 * 0x20000)));
    EXPECT_THAT(message, HasSubstr("1 to 5000000"));
    ++parts;
  }
  EXPECT_EQ(parts, 3) << "certificates, key, MAC";
}

}  // namespace
}  // namespace sipcm::tls
