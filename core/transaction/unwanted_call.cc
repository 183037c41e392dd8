#include "core/transaction/unwanted_call.h"

#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/sip/credentials.h"
#include "core/sip/header_reader.h"
#include "core/sip/name_address.h"
#include "core/sip/uri.h"

namespace sipcm::transaction {
namespace {

// The URI of a Route or Contact element; empty when there is none.
absl::string_view UriOf(absl::string_view element) {
  sip::NameAddress address;
  return sip::ParseNameAddress(element, &address).empty() ? address.uri : absl::string_view();
}

bool IsLoose(absl::string_view route) {
  const sip::UriView uri = sip::ParseUri(UriOf(route));
  sip::Parameter parameter;
  return uri.ok() && uri.FindParameter("lr", &parameter);
}

// Where the dialog's requests go: its remote target and route set.
struct DialogRoute {
  std::string request_uri;
  std::vector<std::string> routes;
};

DialogRoute RouteOf(const sip::MessageView& invite, const sip::MessageView& success) {
  absl::string_view target = invite.request_uri();
  sip::HeaderReader contacts(success, sip::HeaderId::kContact);
  absl::string_view contact;
  if (contacts.Next(&contact) && !UriOf(contact).empty()) target = UriOf(contact);
  DialogRoute route;
  if (!invite.to_tag().empty()) {
    // Within a dialog the way is what it was (12.2.1.2).
    sip::HeaderReader routes(invite, sip::HeaderId::kRoute);
    for (absl::string_view element; routes.Next(&element);) route.routes.emplace_back(element);
    route.request_uri = std::string(target);
    return route;
  }
  sip::HeaderReader record_routes(success, sip::HeaderId::kRecordRoute);
  for (absl::string_view element; record_routes.Next(&element);) {
    route.routes.insert(route.routes.begin(), std::string(element));
  }
  if (route.routes.empty() || IsLoose(route.routes.front())) {
    route.request_uri = std::string(target);
    return route;
  }
  // A strict router takes the place of the target, which becomes the last route.
  route.request_uri = std::string(UriOf(route.routes.front()));
  route.routes.erase(route.routes.begin());
  route.routes.push_back(absl::StrCat("<", target, ">"));
  return route;
}

std::string MakeInDialog(absl::string_view method, uint32_t cseq, const sip::MessageView& invite,
                         const sip::MessageView& success, absl::string_view branch) {
  const DialogRoute route = RouteOf(invite, success);
  const sip::Via via = invite.top_via();
  const size_t sent_by_end = via.element.size() - via.parameters.size();
  std::string out = absl::StrCat(method, " ", route.request_uri,
                                 " SIP/2.0\r\nVia: ", via.element.substr(0, sent_by_end),
                                 ";branch=", branch, "\r\n");
  for (const std::string& element : route.routes) absl::StrAppend(&out, "Route: ", element, "\r\n");
  for (const sip::HeaderId id : {sip::HeaderId::kFrom, sip::HeaderId::kCallId}) {
    const sip::HeaderField* field = invite.Find(id);
    if (field != nullptr) absl::StrAppend(&out, invite.line(*field));
  }
  if (method == "ACK") {
    // It has the INVITE's (13.2.2.4); those of another method are no digest of a BYE.
    for (const sip::HeaderField& field : invite.headers()) {
      if (sip::IsCredentials(field.id)) absl::StrAppend(&out, invite.line(field));
    }
  }
  const sip::HeaderField* to = success.Find(sip::HeaderId::kTo);
  absl::StrAppend(&out, to == nullptr ? "" : success.line(*to), "CSeq: ", cseq, " ", method,
                  "\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n");
  return out;
}

}  // namespace

std::string MakeAckOfSuccess(const sip::MessageView& invite, const sip::MessageView& success,
                             absl::string_view branch) {
  return MakeInDialog("ACK", invite.cseq_number(), invite, success, branch);
}

std::string MakeBye(const sip::MessageView& invite, const sip::MessageView& success,
                    absl::string_view branch) {
  return MakeInDialog("BYE", invite.cseq_number() + 1, invite, success, branch);
}

}  // namespace sipcm::transaction
