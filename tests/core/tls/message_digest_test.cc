#include "core/tls/message_digest.h"

#include "gtest/gtest.h"

namespace sipcm::tls {
namespace {

TEST(MessageDigestTest, GivesTheVectorsOfTheirStandards) {
  // RFC 1321 A.5, FIPS 180-4.
  EXPECT_EQ(Md5Hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(Md5Hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace sipcm::tls
