#ifndef SIPCM_CORE_DIALOG_DIALOG_REQUEST_H_
#define SIPCM_CORE_DIALOG_DIALOG_REQUEST_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/dialog/dialog.h"
#include "core/sip/header_id.h"

namespace sipcm::dialog {

// What a dialog says in a request of ours (RFC 3261 12.2.1.1): the rest is the application's.
struct DialogRequest {
  std::string request_uri;
  // Route, From, To, Call-ID, CSeq; Contact when it is the application's and the method needs one.
  std::vector<std::pair<std::string, std::string>> headers;
};

// Counts the CSeq up, but for an ACK, which has that of our last INVITE.
DialogRequest MakeRequest(absl::string_view method, Dialog* dialog);

// Whether MakeRequest() says it, so that the application must not.
bool IsOfDialog(sip::HeaderId id);

}  // namespace sipcm::dialog

#endif  // SIPCM_CORE_DIALOG_DIALOG_REQUEST_H_
