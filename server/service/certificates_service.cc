#include "server/service/certificates_service.h"

#include <utility>

#include "proto/sipcm/v1/certificates.grpc.pb.h"
#include "server/service/unary_call.h"

namespace sipcm::server {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

class CertificatesService final : public sipcm::v1::Certificates::CallbackService {
 public:
  CertificatesService(CertificateCatalog* certificates, TrustBundleCatalog* bundles)
      : certificates_(certificates), bundles_(bundles) {}

  ServerUnaryReactor* CreateCertificate(CallbackServerContext* context,
                                        const sipcm::v1::CreateCertificateRequest* request,
                                        sipcm::v1::Certificate* response) override {
    return Answer(context, response, certificates_->Create(*request));
  }

  ServerUnaryReactor* GetCertificate(CallbackServerContext* context,
                                     const sipcm::v1::GetCertificateRequest* request,
                                     sipcm::v1::Certificate* response) override {
    return Answer(context, response, certificates_->Get(*request));
  }

  ServerUnaryReactor* ListCertificates(CallbackServerContext* context,
                                       const sipcm::v1::ListCertificatesRequest* request,
                                       sipcm::v1::ListCertificatesResponse* response) override {
    return Answer(context, response, certificates_->List(*request));
  }

  ServerUnaryReactor* UpdateCertificate(CallbackServerContext* context,
                                        const sipcm::v1::UpdateCertificateRequest* request,
                                        sipcm::v1::Certificate* response) override {
    return Answer(context, response, certificates_->Update(*request));
  }

  ServerUnaryReactor* DeleteCertificate(CallbackServerContext* context,
                                        const sipcm::v1::DeleteCertificateRequest* request,
                                        google::protobuf::Empty*) override {
    return Answer(context, certificates_->Delete(*request));
  }

  ServerUnaryReactor* CreateTrustBundle(CallbackServerContext* context,
                                        const sipcm::v1::CreateTrustBundleRequest* request,
                                        sipcm::v1::TrustBundle* response) override {
    return Answer(context, response, bundles_->Create(*request));
  }

  ServerUnaryReactor* GetTrustBundle(CallbackServerContext* context,
                                     const sipcm::v1::GetTrustBundleRequest* request,
                                     sipcm::v1::TrustBundle* response) override {
    return Answer(context, response, bundles_->Get(*request));
  }

  ServerUnaryReactor* ListTrustBundles(CallbackServerContext* context,
                                       const sipcm::v1::ListTrustBundlesRequest* request,
                                       sipcm::v1::ListTrustBundlesResponse* response) override {
    return Answer(context, response, bundles_->List(*request));
  }

  ServerUnaryReactor* UpdateTrustBundle(CallbackServerContext* context,
                                        const sipcm::v1::UpdateTrustBundleRequest* request,
                                        sipcm::v1::TrustBundle* response) override {
    return Answer(context, response, bundles_->Update(*request));
  }

  ServerUnaryReactor* DeleteTrustBundle(CallbackServerContext* context,
                                        const sipcm::v1::DeleteTrustBundleRequest* request,
                                        google::protobuf::Empty*) override {
    return Answer(context, bundles_->Delete(*request));
  }

 private:
  CertificateCatalog* const certificates_;
  TrustBundleCatalog* const bundles_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeCertificatesService(CertificateCatalog* certificates,
                                                       TrustBundleCatalog* bundles) {
  return std::make_unique<CertificatesService>(certificates, bundles);
}

}  // namespace sipcm::server
