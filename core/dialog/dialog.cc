#include "core/dialog/dialog.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "core/sip/characters.h"
#include "core/sip/header_reader.h"
#include "core/sip/name_address.h"

namespace sipcm::dialog {
namespace {

std::vector<absl::string_view> RecordRoutes(const sip::MessageView& message) {
  std::vector<absl::string_view> routes;
  sip::HeaderReader reader(message, sip::HeaderId::kRecordRoute);
  for (absl::string_view route; reader.Next(&route);) routes.push_back(route);
  return routes;
}

// In one line: a fold would end the header that it goes into.
std::string Unfolded(absl::string_view value) {
  std::string storage;
  return std::string(sip::Unfold(value, &storage));
}

}  // namespace

absl::string_view ContactUri(const sip::MessageView& message) {
  sip::HeaderReader contacts(message, sip::HeaderId::kContact);
  absl::string_view contact;
  sip::NameAddress address;
  if (!contacts.Next(&contact) || !sip::ParseNameAddress(contact, &address).empty()) return {};
  return address.uri;
}

bool Fits(const sip::MessageView& message) {
  size_t bytes = ContactUri(message).size() + message.call_id().size() +
                 message.FirstValue(sip::HeaderId::kFrom).size() +
                 message.FirstValue(sip::HeaderId::kTo).size();
  for (const absl::string_view route : RecordRoutes(message)) bytes += route.size();
  return bytes <= kMaxKeptBytes;
}

void Dialog::BeginAsCaller(const sip::MessageView& response) {
  call_id = std::string(response.call_id());
  remote_tag = std::string(response.to_tag());
  local = Unfolded(response.FirstValue(sip::HeaderId::kFrom));
  remote = Unfolded(response.FirstValue(sip::HeaderId::kTo));
  // In an early one requests may have gone out since.
  local_cseq = std::max(local_cseq, response.cseq_number());
  std::vector<absl::string_view> route_set = RecordRoutes(response);
  std::reverse(route_set.begin(), route_set.end());
  routes = Unfolded(absl::StrJoin(route_set, ", "));
  if (remote_target.empty()) remote_target = std::string(response.to().uri);
  RefreshTarget(ContactUri(response));
}

void Dialog::BeginAsCallee(const sip::MessageView& request, absl::string_view to) {
  call_id = std::string(request.call_id());
  remote_tag = std::string(request.from_tag());
  local = Unfolded(to);
  remote = Unfolded(request.FirstValue(sip::HeaderId::kFrom));
  remote_cseq = request.cseq_number();
  routes = Unfolded(absl::StrJoin(RecordRoutes(request), ", "));
  remote_target = std::string(request.from().uri);
  RefreshTarget(ContactUri(request));
}

void Dialog::BeginByNotify(const sip::MessageView& notify) {
  BeginAsCallee(notify, notify.FirstValue(sip::HeaderId::kTo));
  remote_cseq.reset();  // it is yet to be taken
}

void Dialog::RefreshTarget(absl::string_view contact_uri) {
  if (contact_uri.empty() || contact_uri.size() > kMaxKeptBytes) return;
  remote_target = std::string(contact_uri);
}

bool Dialog::TakeRemoteCseq(uint32_t number) {
  if (!IsInOrder(number)) return false;
  remote_cseq = number;
  return true;
}

}  // namespace sipcm::dialog
