#ifndef SIPCM_TESTS_PKI_PEER_SHAPES_H_
#define SIPCM_TESTS_PKI_PEER_SHAPES_H_

#include <memory>
#include <string>
#include <vector>

#include "tests/pki/certificate_authority.h"

namespace sipcm::pki {

// What one peer presents.
struct PeerShape {
  std::string name;  // "nul-in-cn": a file name
  std::string chain_pem;
  std::string private_key_pem;
};

// Peers of every shape that semantics.md 6 and reliability.md 21 name, good and hostile ones, with
// what is needed to judge them. Names are about contoso.com. Made anew each time: keys are random.
class PeerShapes {
 public:
  PeerShapes();
  ~PeerShapes();

  const std::vector<PeerShape>& all() const { return all_; }
  const CertificateAuthority& root() const { return root_; }         // trust it
  const CertificateAuthority& partner() const { return *partner_; }  // issued by the root
  // Of root and partner; revokes a leaf and an authority.
  const std::string& crls_pem() const { return crls_pem_; }

 private:
  void Add(const std::string& name, const CertificateOptions& options);
  void Add(const std::string& name, const IssuedCertificate& issued);
  void AddNames();
  void AddUsages();
  void AddKeysAndTimes();
  void AddChains();
  void AddConstrainedChains();
  void AddLongChains();
  void AddRevoked();

  const CertificateAuthority root_;
  const std::unique_ptr<CertificateAuthority> partner_;
  std::vector<PeerShape> all_;
  std::string crls_pem_;
};

// A key whose public half is that of the first and whose private half is that of the second: what
// is signed with it does not verify. Both P-256.
std::string MismatchedKey(const std::string& public_half_pem, const std::string& private_half_pem);

}  // namespace sipcm::pki

#endif  // SIPCM_TESTS_PKI_PEER_SHAPES_H_
