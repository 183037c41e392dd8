#ifndef SIPCM_SERVER_CONFIG_CONFIG_EXPORT_H_
#define SIPCM_SERVER_CONFIG_CONFIG_EXPORT_H_

#include "proto/sipcm/v1/admin.pb.h"
#include "server/catalog/catalogs.h"

namespace sipcm::server {

// All settings as they are at one moment, in the order of names: what callers and the configuration
// file gave, with defaults filled in; no output-only fields, private keys or passwords. Any thread.
sipcm::v1::ExportConfigResponse ExportConfig(ControlState* state);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CONFIG_CONFIG_EXPORT_H_
