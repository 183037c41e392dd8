#include "core/dialog/dialog_request.h"

#include "absl/strings/str_cat.h"
#include "core/dialog/exchange.h"
#include "core/sip/characters.h"
#include "core/sip/method.h"
#include "core/sip/name_address.h"
#include "core/sip/parameters.h"
#include "core/sip/uri.h"

namespace sipcm::dialog {
namespace {

// The first router does not know loose routing (RFC 2543): it wants itself in the Request-URI, and
// the target at the end of the route.
bool IsStrict(absl::string_view route, std::string* uri) {
  sip::NameAddress address;
  if (!sip::ParseNameAddress(route, &address).empty()) return false;
  const sip::UriView view = sip::ParseUri(address.uri);
  sip::Parameter lr;
  if (!view.ok() || view.FindParameter("lr", &lr)) return false;
  *uri = std::string(address.uri);
  return true;
}

}  // namespace

DialogRequest MakeRequest(absl::string_view method, Dialog* dialog) {
  const sip::Method method_id = sip::ParseMethod(method);
  uint32_t cseq = dialog->our_invite;
  if (method_id != sip::Method::kAck) {
    cseq = ++dialog->local_cseq;
    if (method_id == sip::Method::kInvite) dialog->our_invite = cseq;
  }
  DialogRequest request;
  request.request_uri = dialog->remote_target;
  std::string routes = dialog->routes;
  sip::ListIterator list(dialog->routes);
  absl::string_view first;
  std::string router;
  if (list.Next(&first) && IsStrict(first, &router)) {
    request.request_uri = std::move(router);
    const absl::string_view others = sip::Trim(list.rest());
    routes = absl::StrCat(others, others.empty() ? "" : ", ", "<", dialog->remote_target, ">");
  }
  if (!routes.empty()) request.headers.emplace_back("Route", std::move(routes));
  request.headers.emplace_back("From", dialog->local);
  request.headers.emplace_back("To", dialog->remote);
  request.headers.emplace_back("Call-ID", dialog->call_id);
  request.headers.emplace_back("CSeq", absl::StrCat(cseq, " ", method));
  if (!dialog->contact.empty() && RefreshesTarget(method_id)) {
    request.headers.emplace_back("Contact", dialog->contact);
  }
  return request;
}

bool IsOfDialog(sip::HeaderId id) {
  return id == sip::HeaderId::kRoute || id == sip::HeaderId::kFrom || id == sip::HeaderId::kTo ||
         id == sip::HeaderId::kCallId || id == sip::HeaderId::kCseq;
}

}  // namespace sipcm::dialog
