#ifndef SIPCM_CORE_ENGINE_ADMISSION_REMOVAL_SWEEP_H_
#define SIPCM_CORE_ENGINE_ADMISSION_REMOVAL_SWEEP_H_

#include "absl/time/time.h"
#include "core/engine/connection_table.h"
#include "core/tls/domain_removal.h"

namespace sipcm::engine {

// Closes (kDomainRemoved) the incoming connections of `manager` in `connections` that `removal`
// concerns; how many. `now` is wall time. Thread: the worker's.
int CloseRemoved(const ConnectionTable& connections, LocalManager* manager,
                 const tls::DomainRemoval& removal, absl::Time now);

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_ADMISSION_REMOVAL_SWEEP_H_
