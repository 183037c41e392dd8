#ifndef SIPCM_TESTS_SERVER_CATALOG_CERTIFICATES_CERTIFICATE_FIXTURE_H_
#define SIPCM_TESTS_SERVER_CATALOG_CERTIFICATES_CERTIFICATE_FIXTURE_H_

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "tests/pki/certificate_authority.h"
#include "tests/server/catalog/catalog_fixture.h"

namespace sipcm::server {

// A folder that goes with the test.
class TestFolder {
 public:
  TestFolder() {
    std::string name = testing::TempDir() + "/sipcm.XXXXXX";
    SIPCM_CHECK(mkdtemp(&name[0]) != nullptr);
    path_ = name;
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  // Its whole path.
  std::string Write(const std::string& name, const std::string& content) const {
    const std::string file = Path(name);
    std::ofstream(file, std::ios::binary) << content;
    return file;
  }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// "certificates/edge" and "trustBundles/partners" in all their shapes.
class CertificateTest : public CatalogTest {
 protected:
  pki::IssuedCertificate Issue(absl::Time not_after = pki::DefaultNotAfter()) const {
    pki::CertificateOptions options;
    options.common_name = "edge.example.com";
    options.dns_names = {"edge.example.com"};
    options.not_after = not_after;
    return authority_.Issue(options);
  }
  static sipcm::v1::Certificate Pem(const pki::IssuedCertificate& issued) {
    sipcm::v1::Certificate certificate;
    certificate.set_certificate_pem(issued.chain_pem);
    certificate.set_private_key_pem(issued.private_key_pem);
    return certificate;
  }
  // As files of the folder.
  sipcm::v1::Certificate Files(const pki::IssuedCertificate& issued) const {
    sipcm::v1::Certificate certificate;
    certificate.set_certificate_file(folder_.Write("edge.pem", issued.chain_pem));
    certificate.set_private_key_file(folder_.Write("edge.key", issued.private_key_pem));
    return certificate;
  }
  absl::StatusOr<sipcm::v1::Certificate> Create(const sipcm::v1::Certificate& certificate,
                                                const std::string& id = "edge") {
    sipcm::v1::CreateCertificateRequest request;
    request.set_certificate_id(id);
    *request.mutable_certificate() = certificate;
    return catalogs_.certificates.Create(request);
  }
  absl::StatusOr<sipcm::v1::Certificate> Update(sipcm::v1::Certificate certificate,
                                                sipcm::v1::OldConnections old = sipcm::v1::KEEP) {
    certificate.set_name("certificates/edge");
    sipcm::v1::UpdateCertificateRequest request;
    *request.mutable_certificate() = std::move(certificate);
    request.set_old_connections(old);
    return catalogs_.certificates.Update(request);
  }
  sipcm::v1::Certificate Get() {
    sipcm::v1::GetCertificateRequest get;
    get.set_name("certificates/edge");
    auto certificate = catalogs_.certificates.Get(get);
    SIPCM_CHECK(certificate.ok());
    return *std::move(certificate);
  }
  absl::StatusOr<sipcm::v1::TrustBundle> CreateBundle(const sipcm::v1::TrustBundle& bundle) {
    sipcm::v1::CreateTrustBundleRequest request;
    request.set_trust_bundle_id("partners");
    *request.mutable_trust_bundle() = bundle;
    return catalogs_.trust_bundles.Create(request);
  }
  absl::StatusOr<sipcm::v1::TrustBundle> UpdateBundle(
      sipcm::v1::TrustBundle bundle, sipcm::v1::OldConnections old = sipcm::v1::KEEP) {
    bundle.set_name("trustBundles/partners");
    sipcm::v1::UpdateTrustBundleRequest request;
    *request.mutable_trust_bundle() = std::move(bundle);
    request.set_old_connections(old);
    return catalogs_.trust_bundles.Update(request);
  }
  sipcm::v1::TrustBundle GetBundle() {
    sipcm::v1::GetTrustBundleRequest get;
    get.set_name("trustBundles/partners");
    auto bundle = catalogs_.trust_bundles.Get(get);
    SIPCM_CHECK(bundle.ok());
    return *std::move(bundle);
  }
  // The kinds of what was told of certificates and trust bundles since the last look.
  std::vector<sipcm::v1::Event::Kind> TakeKinds() {
    std::vector<sipcm::v1::Event::Kind> kinds;
    for (const sipcm::v1::Event& event : events_.Take()) {
      if (event.has_certificate() || event.has_trust_bundle()) kinds.push_back(event.kind());
    }
    return kinds;
  }

  const pki::CertificateAuthority authority_{"Example CA"};
  const TestFolder folder_;
};

}  // namespace sipcm::server

#endif  // SIPCM_TESTS_SERVER_CATALOG_CERTIFICATES_CERTIFICATE_FIXTURE_H_
