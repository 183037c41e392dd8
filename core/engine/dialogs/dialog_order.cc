#include "core/engine/dialogs/dialog_order.h"

#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/dialog/dialog_request.h"
#include "core/engine/sends/send_route.h"
#include "core/net/address.h"
#include "core/sip/name_address.h"
#include "core/sip/parser.h"

namespace sipcm::engine {
namespace {

absl::Status CheckForDialog(const dialog::Dialog& dialog, const SendOrder& order) {
  if (!order.message.raw.empty()) {
    return WithField(MakeError(absl::StatusCode::kInvalidArgument, "CONFLICTING_FIELDS",
                               "request.raw: is given together with dialog, which writes half of "
                               "the request; give its parts"),
                     "request.raw");
  }
  if (order.method == "CANCEL") {
    return InvalidField("request.method", "a CANCEL is sent by cancelling the send of its INVITE");
  }
  if (order.method == "ACK" && dialog.our_invite == 0) {
    return InvalidField("request.method",
                        "no INVITE was sent in this dialog, so there is nothing to acknowledge");
  }
  for (size_t i = 0; i < order.message.headers.size(); ++i) {
    const std::string& name = order.message.headers[i].first;
    if (!dialog::IsOfDialog(sip::LookupHeader(name))) continue;
    return InvalidField(absl::StrCat("request.headers[", i, "].name"),
                        absl::StrCat("\"", name, "\" is what the dialog says; leave it out"));
  }
  return absl::OkStatus();
}

// Those of its INVITE (RFC 3261 22.1), each proxy's, where the application gives none of the kind.
void AddCredentials(const dialog::Dialog& dialog, SendOrder* order) {
  auto& headers = order->message.headers;
  std::vector<std::pair<std::string, std::string>> missing;
  for (const auto& [name, value] : dialog.credentials) {
    if (GivenHeader(*order, sip::LookupHeader(name)).empty()) missing.emplace_back(name, value);
  }
  headers.insert(headers.end(), missing.begin(), missing.end());
}

// Where it goes that is not in the dialog's own way.
bool SaysWhere(const SendOrder& order) {
  return order.connection.is_valid() ||
         (order.destination.has_value() && !order.destination->is_dedicated());
}

// For when the flow has closed; none: only the flow leads to the peer.
absl::optional<pool::Destination> DestinationOf(const ManagerConfig& config,
                                                const dialog::Dialog& dialog,
                                                const SendOrder& order) {
  absl::StatusOr<pool::Destination> destination = RouteOf(order, config);
  if (!destination.ok()) return absl::nullopt;
  if (dialog.verified_name.empty()) return *std::move(destination);
  // Who proved a name is not spoken to where nobody proves one.
  if (destination->transport != connection::Transport::kTls) return absl::nullopt;
  const bool is_peer = dialog.routes.empty() || net::IpAddress::Parse(destination->host).ok();
  if (is_peer && dialog.verified_name != destination->host) {
    destination->tls_name = dialog.verified_name;
  }
  return *std::move(destination);
}

}  // namespace

absl::Status FillInDialog(const ManagerConfig& config, dialog::Dialog* dialog, SendOrder* order,
                          connection::ConnectionId* flow) {
  SIPCM_RETURN_IF_ERROR(CheckForDialog(*dialog, *order));
  const bool says_where = SaysWhere(*order);
  if (says_where && !order->connection.is_valid()) {
    SIPCM_ASSIGN_OR_RETURN(order->destination, RouteOf(*order, config));
  }
  const bool has_contact = !GivenHeader(*order, sip::HeaderId::kContact).empty();
  dialog::DialogRequest request = dialog::MakeRequest(order->method, dialog);
  if (has_contact && request.headers.back().first == "Contact") request.headers.pop_back();
  order->request_uri = std::move(request.request_uri);
  auto& headers = order->message.headers;
  headers.insert(headers.begin(), std::make_move_iterator(request.headers.begin()),
                 std::make_move_iterator(request.headers.end()));
  if (order->method == "ACK") AddCredentials(*dialog, order);
  if (says_where) return absl::OkStatus();
  *flow = dialog->flow;
  if (!order->destination.has_value()) {
    order->destination = DestinationOf(config, *dialog, *order);
  }
  return absl::OkStatus();
}

bool IsInDialog(const SendOrder& order) {
  if (order.dialog.is_valid()) return true;
  if (!order.message.raw.empty()) {
    sip::MessageView view;
    const size_t header_end = order.message.raw.find("\r\n\r\n");
    return header_end != std::string::npos &&
           sip::Parse(order.message.raw, header_end + 4, view).ok() && !view.to_tag().empty();
  }
  sip::NameAddress to;
  return sip::ParseNameAddress(GivenHeader(order, sip::HeaderId::kTo), &to).empty() &&
         !to.tag.empty();
}

absl::Status NoSuchDialog(const SendOrder& order) {
  return WithField(MakeError(absl::StatusCode::kNotFound, "DIALOG_NOT_FOUND",
                             absl::StrCat("dialog \"", order.dialog.ToString(),
                                          "\" has ended, or never was one of endpoint \"endpoints/",
                                          order.endpoint_id, "\"; begin another one")),
                   "dialog");
}

std::string GivenHeader(const SendOrder& order, sip::HeaderId id) {
  for (const auto& [name, value] : order.message.headers) {
    if (sip::LookupHeader(name) == id) return value;
  }
  return std::string();
}

}  // namespace sipcm::engine
