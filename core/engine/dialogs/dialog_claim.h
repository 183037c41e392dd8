#ifndef SIPCM_CORE_ENGINE_DIALOGS_DIALOG_CLAIM_H_
#define SIPCM_CORE_ENGINE_DIALOGS_DIALOG_CLAIM_H_

#include <cstdint>
#include <string>

#include "core/dialog/dialog_id.h"

namespace sipcm::engine {

// Whether a request came, or it is only asked what would become of it: then nothing changes.
enum class Claiming : uint8_t { kTakes, kLooks };

// What the dialog of a request says of it. A value, from the worker that has the dialog to the one
// that has the request.
struct DialogClaim {
  enum class Verdict : uint8_t {
    kNoDialog,    // its To tag was ours, or has the form of ours: 481
    kUnknownTag,  // nobody here made its To tag (RFC 3261 12.2.2 leaves it open what is done then)
    kInDialog,
    kOutOfOrder,  // 500: its CSeq is not higher than one before
  };
  Verdict verdict = Verdict::kNoDialog;
  dialog::DialogId dialog;  // unless there is none
  std::string endpoint_id;
  uint64_t owner = 0;  // the lineage_id of the subscription that has the dialog; 0: none yet
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_DIALOGS_DIALOG_CLAIM_H_
