#ifndef SIPCM_CORE_ENGINE_DIALOGS_DIALOG_ORDER_H_
#define SIPCM_CORE_ENGINE_DIALOGS_DIALOG_ORDER_H_

#include <string>

#include "absl/status/status.h"
#include "core/connection/connection_id.h"
#include "core/dialog/dialog.h"
#include "core/engine/engine_config.h"
#include "core/engine/message_order.h"
#include "core/sip/header_id.h"

namespace sipcm::engine {

// Makes an application's order one of the dialog: Request-URI, Route, From, To, Call-ID, CSeq; and
// where it goes. `*flow`: the dialog's, unless the order itself says where. The destination is for
// when that has closed: the first Route, or the target (RFC 3261 12.2.1.1). An address in there,
// and the target, is verified by the name that the peer proved before (RFC 5922), and never reached
// without TLS then; the name of a Route is verified as it is.
// INVALID_ARGUMENT naming the field: nothing has changed.
absl::Status FillInDialog(const ManagerConfig& config, dialog::Dialog* dialog, SendOrder* order,
                          connection::ConnectionId* flow);

// Whether it is in a dialog, which it names, or of which it has the tag in its To. Pure.
bool IsInDialog(const SendOrder& order);

// NOT_FOUND (DIALOG_NOT_FOUND).
absl::Status NoSuchDialog(const SendOrder& order);

// The value of the first such header that the application gave; empty: none.
std::string GivenHeader(const SendOrder& order, sip::HeaderId id);

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_DIALOGS_DIALOG_ORDER_H_
