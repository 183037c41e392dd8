#ifndef SIPCM_SERVER_SERVICE_CERTIFICATES_SERVICE_H_
#define SIPCM_SERVER_SERVICE_CERTIFICATES_SERVICE_H_

#include <memory>

#include "server/catalog/certificates/certificate_catalog.h"
#include "server/catalog/certificates/trust_bundle_catalog.h"

namespace grpc {
class Service;
}

namespace sipcm::server {

// Serves sipcm.v1.Certificates from the catalogues, which outlive it.
std::unique_ptr<grpc::Service> MakeCertificatesService(CertificateCatalog* certificates,
                                                       TrustBundleCatalog* bundles);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_SERVICE_CERTIFICATES_SERVICE_H_
