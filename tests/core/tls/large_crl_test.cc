// A revocation list of 10 MB (reliability.md row 24): it is taken, and it is obeyed.
#include <numeric>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "core/tls/peer_verifier.h"
#include "gtest/gtest.h"
#include "tests/core/tls/tls_fixture.h"

namespace sipcm::tls {
namespace {

TEST(LargeCrlTest, TenMegabytesAreTakenAndObeyed) {
  const pki::CertificateAuthority root("Root");
  pki::CertificateOptions options;
  options.dns_names = {"a.org"};
  const pki::IssuedCertificate good = root.Issue(options);
  const pki::IssuedCertificate bad = root.Issue(options);
  std::vector<long> serials(320'000);  // NOLINT: OpenSSL's own type
  std::iota(serials.begin(), serials.end(), 1'000'000'000'000L);
  serials.push_back(bad.serial);
  const std::string crl = root.MakeCrl(serials);
  ASSERT_GT(crl.size(), size_t{10} << 20);

  const absl::Time before = absl::Now();
  const auto bundle = Trusting(root, crl);
  const absl::Time taken = absl::Now();
  const auto judge = [&](const pki::IssuedCertificate& leaf) {
    return VerifyPeer(PolicyOf(bundle, {"a.org"}), ChainOf(leaf.chain_pem),
                      PeerRole::kIncomingClient, "", TestNow())
        .refusal;
  };
  EXPECT_EQ(judge(good), PeerRefusal::kNone);
  const absl::Time judged = absl::Now();
  EXPECT_EQ(judge(bad), PeerRefusal::kRevoked);
  // For the record: times are not judged here.
  RecordProperty("taking_ms", static_cast<int>(absl::ToInt64Milliseconds(taken - before)));
  RecordProperty("verdict_ms", static_cast<int>(absl::ToInt64Milliseconds(judged - taken)));
  std::printf("CRL of %zu bytes: taken in %.0f ms, a verdict in %.1f ms\n", crl.size(),
              absl::ToDoubleMilliseconds(taken - before),
              absl::ToDoubleMilliseconds(judged - taken));
}

}  // namespace
}  // namespace sipcm::tls
