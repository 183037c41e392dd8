#ifndef SIPCM_SERVER_CATALOG_CATALOGS_H_
#define SIPCM_SERVER_CATALOG_CATALOGS_H_

#include <string>
#include <vector>

#include "server/catalog/certificates/certificate_catalog.h"
#include "server/catalog/certificates/trust_bundle_catalog.h"
#include "server/catalog/connection_catalog.h"
#include "server/catalog/connection_manager_catalog.h"
#include "server/catalog/connection_pool_catalog.h"
#include "server/catalog/control_state.h"
#include "server/catalog/endpoint_catalog.h"

namespace sipcm::server {

// All catalogues over one engine, in the order in which they may be used and destroyed. The engine
// outlives them and has made its last call back before they end.
struct Catalogs {
  Catalogs(engine::Engine* engine, ControlState::Options options)
      : state(engine, std::move(options)),
        managers(&state),
        endpoints(&state),
        certificates(&state),
        trust_bundles(&state),
        pools(&state),
        connections(&state) {}

  // What time brings: files that changed, certificates and CRLs that come nearer to their end. To
  // be called about once a second, from one thread.
  void CheckFilesAndTimes() {
    if (FileWatcher* const files = state.options.files; files != nullptr) {
      const std::vector<std::string> changed = files->TakeChanged();
      certificates.Reload(changed);
      trust_bundles.Reload(changed);
    }
    certificates.TellExpiries();
    trust_bundles.TellExpiries();
  }

  ControlState state;
  ConnectionManagerCatalog managers;
  EndpointCatalog endpoints;
  CertificateCatalog certificates;
  TrustBundleCatalog trust_bundles;
  ConnectionPoolCatalog pools;
  ConnectionCatalog connections;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CATALOG_CATALOGS_H_
