#include "server/config/config_export.h"

#include "absl/synchronization/mutex.h"
#include "server/conversion/pool_conversion.h"
#include "server/store/fingerprint.h"
#include "server/store/update_mask.h"

namespace sipcm::server {
namespace {

template <typename Store, typename Resources>
void ExportAll(const Store& store, const FieldRules& rules, Resources* resources) {
  for (const auto& [name, stored] : store.all()) {
    auto* exported = resources->Add();
    *exported = stored;
    ClearOutputOnly(rules, exported);
    exported->clear_etag();
  }
}

void ExportPool(const std::string& name, const pool::PoolSetting& setting,
                sipcm::v1::ConnectionPool* pool) {
  pool->set_name(name);
  if (setting.max_connection_count.has_value()) {
    pool->set_max_connection_count(*setting.max_connection_count);
  }
  if (setting.min_connection_count.has_value()) {
    pool->set_min_connection_count(*setting.min_connection_count);
  }
  if (setting.selection.has_value()) pool->set_selection(ToProto(*setting.selection));
  if (setting.sizing.has_value()) pool->set_sizing(ToProto(*setting.sizing));
}

}  // namespace

sipcm::v1::ExportConfigResponse ExportConfig(ControlState* state) {
  sipcm::v1::ExportConfigResponse response;
  sipcm::v1::Config* config = response.mutable_config();
  {
    absl::MutexLock lock(&state->mutex);
    ExportAll(state->managers, ConnectionManagerCatalog::Rules(),
              config->mutable_connection_managers());
    ExportAll(state->endpoints, EndpointCatalog::Rules(), config->mutable_endpoints());
    ExportAll(state->certificates, CertificateCatalog::Rules(), config->mutable_certificates());
    ExportAll(state->trust_bundles, TrustBundleCatalog::Rules(), config->mutable_trust_bundles());
    for (const auto& [manager_id, settings] : state->pool_settings) {
      for (const auto& [name, setting] : settings) {
        ExportPool(name, setting, config->add_connection_pools());
      }
    }
  }
  response.set_etag(Fingerprint(*config));
  return response;
}

}  // namespace sipcm::server
