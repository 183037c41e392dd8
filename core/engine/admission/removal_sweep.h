#ifndef SIPCM_CORE_ENGINE_ADMISSION_REMOVAL_SWEEP_H_
#define SIPCM_CORE_ENGINE_ADMISSION_REMOVAL_SWEEP_H_

#include <memory>

#include "absl/time/time.h"
#include "core/engine/connection_table.h"
#include "core/tls/domain_removal.h"

namespace sipcm::engine {

// Closes (kDomainRemoved) the incoming connections of `manager` in `connections` that `removal`
// concerns; how many. Those whose handshake is under way are judged by it once they are established
// (CloseIfRemovedMeanwhile), and are not counted. `now` is wall time. Thread: the worker's.
int CloseRemoved(const ConnectionTable& connections, LocalManager* manager,
                 const std::shared_ptr<const tls::DomainRemoval>& removal, absl::Time now);

// To be called for each connection that was established.
void CloseIfRemovedMeanwhile(ConnectionSlot& slot, absl::Time now);

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_ADMISSION_REMOVAL_SWEEP_H_
