#ifndef SIPCM_TESTS_SERVER_MESSAGING_TEST_DELIVERIES_H_
#define SIPCM_TESTS_SERVER_MESSAGING_TEST_DELIVERIES_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/check.h"
#include "core/dispatch/delivery.h"
#include "core/engine/message_order.h"
#include "core/sip/parser.h"

namespace sipcm::server {

inline std::string SipRequestText(absl::string_view method = "OPTIONS", absl::string_view body = "",
                                  absl::string_view extra_rows = "") {
  return absl::StrCat(method,
                      " sip:alice@example.com SIP/2.0\r\n"
                      "v: SIP/2.0/TCP client.example.net;branch=z9hG4bKtest\r\n"
                      "Max-Forwards: 70\r\n"
                      "From: <sip:bob@example.net>;tag=b\r\n"
                      "To: <sip:alice@example.com>\r\n"
                      "Call-ID: call@example.net\r\n"
                      "CSeq: 7 ",
                      method, "\r\n", extra_rows, "Content-Length: ", body.size(), "\r\n\r\n",
                      body);
}

inline std::string SipResponseText(int status_code, absl::string_view phrase) {
  return absl::StrCat("SIP/2.0 ", status_code, " ", phrase,
                      "\r\n"
                      "Via: SIP/2.0/TCP us.example.net;branch=z9hG4bKours\r\n"
                      "From: <sip:alice@example.com>;tag=a\r\n"
                      "To: <sip:bob@example.net>;tag=b\r\n"
                      "Call-ID: ours@example.com\r\n"
                      "CSeq: 1 MESSAGE\r\n"
                      "Content-Length: 0\r\n\r\n");
}

inline std::shared_ptr<const dispatch::RequestRecord> MakeRecord(std::string text) {
  auto record = std::make_shared<dispatch::RequestRecord>();
  record->bytes = std::move(text);
  const size_t header_length = record->bytes.find("\r\n\r\n") + 4;
  sip::Parse(record->bytes, header_length, record->view);
  record->connection = connection::ConnectionId::FromValue(0x1f);
  record->manager_id = "edge";
  record->peer_address = *net::SocketAddress::Parse("192.0.2.7:5071");
  return record;
}

inline dispatch::RequestId TestRequestId(uint64_t number) {
  return dispatch::RequestId::FromValue(number);
}

// Request `number`, OPTIONS unless a whole message is given.
inline dispatch::Delivery MakeDelivery(uint64_t number, std::string text = SipRequestText()) {
  static const auto endpoint = [] {
    auto alice = std::make_shared<dispatch::Endpoint>();
    alice->id = "alice";
    return std::shared_ptr<const dispatch::Endpoint>(alice);
  }();
  dispatch::Delivery delivery;
  delivery.request_id = TestRequestId(number);
  delivery.request = MakeRecord(std::move(text));
  delivery.endpoint = endpoint;
  delivery.expire_time = absl::FromUnixSeconds(1'800'000'000) + absl::Milliseconds(250);
  return delivery;
}

inline dispatch::Delivery MakeNotice(dispatch::Delivery::Kind kind, uint64_t number) {
  dispatch::Delivery delivery = MakeDelivery(number);
  delivery.kind = kind;
  delivery.request = nullptr;
  if (kind == dispatch::Delivery::Kind::kExpired) delivery.status_code = 500;
  return delivery;
}

// Requests first, first + 1, ...
inline std::vector<dispatch::Delivery> MakeDeliveries(uint64_t first, int count,
                                                      std::string text = SipRequestText()) {
  std::vector<dispatch::Delivery> batch;
  for (int i = 0; i < count; ++i) batch.push_back(MakeDelivery(first + i, text));
  return batch;
}

inline engine::SendEvent MakeSent() {
  engine::SendEvent event;
  event.kind = engine::SendEvent::Kind::kSent;
  event.manager_id = "edge";
  event.connection = connection::ConnectionId::FromValue(0x2a);
  event.reused_connection = true;
  event.target = *net::SocketAddress::Parse("192.0.2.9:5060");
  return event;
}

inline engine::SendEvent MakeResponse(int status_code, absl::string_view phrase) {
  engine::SendEvent event;
  event.kind = engine::SendEvent::Kind::kResponse;
  event.is_final = status_code >= 200;
  event.bytes = SipResponseText(status_code, phrase);
  auto view = std::make_shared<sip::MessageView>();
  sip::Parse(event.bytes, event.bytes.find("\r\n\r\n") + 4, *view);
  event.view = view;
  return event;
}

inline engine::SendEvent MakeFailure(absl::Status why, engine::SendEvent::Written written) {
  engine::SendEvent event;
  event.kind = engine::SendEvent::Kind::kFailure;
  event.is_final = true;
  event.failure = std::move(why);
  event.written = written;
  return event;
}

template <typename... Events>
std::vector<engine::SendEvent> EventList(Events... events) {
  std::vector<engine::SendEvent> list;
  (list.push_back(std::move(events)), ...);
  return list;
}

}  // namespace sipcm::server

#endif  // SIPCM_TESTS_SERVER_MESSAGING_TEST_DELIVERIES_H_
