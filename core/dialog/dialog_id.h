#ifndef SIPCM_CORE_DIALOG_DIALOG_ID_H_
#define SIPCM_CORE_DIALOG_DIALOG_ID_H_

#include <string>

#include "absl/strings/string_view.h"
#include "core/base/slot_id.h"

namespace sipcm::dialog {

// Names one dialog. To applications it is opaque.
using DialogId = SlotId<struct DialogIdTag>;

// The local tag of the dialogs whose first one has this id: a request with that To tag tells by
// itself which worker has its dialog, and where. 35 of its bits are random (RFC 3261 19.3 asks for
// 32), and Call-ID and the peer's tag have to fit too.
std::string TagText(DialogId id);
// False, and `id` as it was, when `tag` is none of ours.
bool ParseTag(absl::string_view tag, DialogId* id);

}  // namespace sipcm::dialog

#endif  // SIPCM_CORE_DIALOG_DIALOG_ID_H_
