#include "core/engine/sends/request_composer.h"

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/dialog/exchange.h"
#include "core/dispatch/contact_context.h"
#include "core/engine/reuse/connection_alias.h"
#include "core/sip/raw_message.h"
#include "core/sip/request_builder.h"
#include "core/transaction/branch.h"

namespace sipcm::engine {

const std::string& SentBy(ConnectionSlot& slot) {
  std::string& sent_by = slot.ForSending().sent_by;
  if (!sent_by.empty()) return sent_by;
  const ManagerConfig& config = slot.manager->runtime.Get()->config;
  const net::SocketAddress& local = slot.connection->local_address();
  // Where we listen, if we do: the peer may open a connection to it (RFC 3261 18.1.1).
  net::SocketAddress way_back = local;
  for (const net::SocketAddress& bound : slot.manager->state->bound_addresses()) {
    if (bound.ip.family() != local.ip.family()) continue;
    way_back.port = bound.port;
    if (!bound.ip.is_any()) way_back.ip = bound.ip;
    break;
  }
  sent_by = absl::StrCat(
      config.local_host_name.empty() ? way_back.ip.ToUriHost() : config.local_host_name, ":",
      way_back.port);
  return sent_by;
}

namespace {

absl::string_view TransportName(const ConnectionSlot& slot) {
  return slot.connection->transport() == connection::Transport::kTls ? "TLS" : "TCP";
}

// What of that which is filled in otherwise the application gave.
struct Given {
  explicit Given(const MessageParts& message) {
    for (const auto& [name, value] : message.headers) {
      const sip::HeaderId id = sip::LookupHeader(name);
      from |= id == sip::HeaderId::kFrom;
      to |= id == sip::HeaderId::kTo;
      contact |= id == sip::HeaderId::kContact;
      if (id == sip::HeaderId::kCallId) call_id = &value;
    }
  }
  bool from = false;
  bool to = false;
  bool contact = false;
  const std::string* call_id = nullptr;
};

}  // namespace

std::string ContactOf(const dispatch::Endpoint& endpoint, ConnectionSlot& slot) {
  if (endpoint.kind == dispatch::EndpointKind::kRegistered && !endpoint.gruus.empty()) {
    return absl::StrCat("<", endpoint.gruus.front(), ">");
  }
  const absl::string_view transport = TransportName(slot) == "TLS" ? "tls" : "tcp";
  return absl::StrCat("<", dispatch::ContactUri(endpoint, SentBy(slot), transport), ">");
}

absl::StatusOr<std::string> RequestComposer::MethodOfRaw(const SendOrder& order,
                                                         LocalManager& manager) {
  SIPCM_RETURN_IF_ERROR(WithFieldPrefix(
      sip::CheckRawRequest(order.message.raw, manager.runtime.Get()->config.connection.framer,
                           &raw_request_),
      "request"));
  return std::string(raw_request_.method());
}

absl::Status RequestComposer::Append(const SendOrder& order, sip::Judged judged,
                                     const dispatch::Endpoint& endpoint,
                                     const transaction::ClientTransaction& transaction,
                                     absl::string_view from_tag, ConnectionSlot& slot,
                                     std::string* out) {
  return WithFieldPrefix(order.message.raw.empty() ? AppendParts(order, judged, endpoint,
                                                                 transaction, from_tag, slot, out)
                                                   : AppendRaw(order, transaction, slot, out),
                         "request");
}

absl::Status RequestComposer::AppendParts(const SendOrder& order, sip::Judged judged,
                                          const dispatch::Endpoint& endpoint,
                                          const transaction::ClientTransaction& transaction,
                                          absl::string_view from_tag, ConnectionSlot& slot,
                                          std::string* out) {
  const Given given(order.message);
  const std::string& sent_by = SentBy(slot);
  const std::string branch = transaction::BranchText(transaction.key);
  last_call_id_ = absl::StrCat(absl::Hex(random_->Next(), absl::kZeroPad16), "@", sent_by);
  const std::string tag = from_tag.empty()
                              ? absl::StrCat(absl::Hex(random_->Next() >> 4, absl::kZeroPad15))
                              : std::string(from_tag);
  const std::string from = absl::StrCat("<", endpoint.address, ">");
  const std::string to = absl::StrCat("<", order.request_uri, ">");
  std::string contact;
  absl::InlinedVector<sip::HeaderText, 16> headers;
  // The application's first, so that an error counts them as it does.
  for (const auto& [name, value] : order.message.headers) headers.push_back({name, value});
  if (!given.from) headers.push_back({"From", from});
  if (!given.to) headers.push_back({"To", to});
  if (dialog::RefreshesTarget(transaction.method_id) && !given.contact) {
    // A dialog needs a way back (RFC 3261 8.1.1.8).
    contact = ContactOf(endpoint, slot);
    headers.push_back({"Contact", contact});
  }
  sip::RequestParts parts;
  parts.method = order.method;
  parts.request_uri = order.request_uri;
  parts.headers = headers;
  parts.body = order.message.body;
  parts.transport = TransportName(slot);
  parts.sent_by = sent_by;
  parts.branch = branch;
  parts.via_parameters = AliasParameter(slot);
  parts.call_id = last_call_id_;
  parts.from_tag = tag;
  parts.judged = judged;
  SIPCM_RETURN_IF_ERROR(sip::AppendRequest(parts, out));
  if (given.call_id != nullptr) last_call_id_ = *given.call_id;
  return absl::OkStatus();
}

absl::Status RequestComposer::AppendRaw(const SendOrder& order,
                                        const transaction::ClientTransaction& transaction,
                                        ConnectionSlot& slot, std::string* out) {
  const std::string& raw = order.message.raw;
  SIPCM_RETURN_IF_ERROR(sip::CheckRawRequest(
      raw, slot.manager->runtime.Get()->config.connection.framer, &raw_request_));
  // Our Via goes on top (RFC 3261 8.1.1.7); the application's stays below it, as for a forwarder.
  const size_t first_row = raw.find("\r\n") + 2;
  absl::StrAppend(out, absl::string_view(raw).substr(0, first_row), "Via: SIP/2.0/",
                  TransportName(slot), " ", SentBy(slot),
                  ";branch=", transaction::BranchText(transaction.key), AliasParameter(slot),
                  "\r\n", absl::string_view(raw).substr(first_row));
  last_call_id_ = std::string(raw_request_.call_id());
  return absl::OkStatus();
}

}  // namespace sipcm::engine
