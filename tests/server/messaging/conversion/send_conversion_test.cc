#include "server/messaging/conversion/send_conversion.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "tests/server/messaging/test_deliveries.h"

namespace sipcm::server {
namespace {

using v1::SendFailure;

v1::SendRequest Message() {
  v1::SendRequest request;
  request.set_endpoint("endpoints/alice");
  request.mutable_request()->set_method("MESSAGE");
  request.mutable_request()->set_request_uri("sip:bob@example.net");
  return request;
}

struct Taken {
  absl::Status status;
  engine::SendOrder order;
  View view = View::kParsed;
};

Taken Take(v1::SendRequest request) {
  Taken taken;
  const EndpointLookup lookup = [](const std::string&) {
    return EndpointFacts{.manager_id = "edge", .default_transport = connection::Transport::kTls};
  };
  taken.status = TakeSend(&request, lookup, &taken.order, &taken.view);
  return taken;
}

TEST(SendConversionTest, PartsDestinationAndTimeoutGoToTheEngine) {
  v1::SendRequest request = Message();
  request.mutable_request()->set_body("hello");
  request.mutable_destination()->set_host("EXAMPLE.net");
  request.mutable_timeout()->set_seconds(5);
  request.set_view(v1::RAW);
  const Taken taken = Take(request);
  ASSERT_TRUE(taken.status.ok()) << taken.status;
  EXPECT_EQ(taken.order.endpoint_id, "alice");
  EXPECT_EQ(taken.order.method, "MESSAGE");
  EXPECT_EQ(taken.order.request_uri, "sip:bob@example.net");
  EXPECT_EQ(taken.order.message.body, "hello");
  EXPECT_EQ(taken.order.timeout, absl::Seconds(5));
  EXPECT_EQ(taken.view, View::kRaw);
  ASSERT_TRUE(taken.order.destination.has_value());
  EXPECT_EQ(taken.order.destination->host, "example.net");
  EXPECT_EQ(taken.order.destination->transport, connection::Transport::kTls);
  EXPECT_EQ(taken.order.destination->port, 5061);
}

TEST(SendConversionTest, AnExistingConnectionIsNamedByItsResource) {
  v1::SendRequest request = Message();
  request.set_connection("connectionManagers/edge/connections/2a");
  const Taken taken = Take(request);
  ASSERT_TRUE(taken.status.ok());
  EXPECT_EQ(taken.order.connection, connection::ConnectionId::FromValue(0x2a));
  EXPECT_FALSE(taken.order.destination.has_value());
}

TEST(SendConversionTest, EveryRefusalNamesItsField) {
  struct Case {
    const char* field;
    const char* reason;
    std::function<void(v1::SendRequest&)> spoil;
  };
  const std::vector<Case> cases = {
      {"endpoint", "REQUIRED_FIELD_MISSING", [](auto& r) { r.clear_endpoint(); }},
      {"endpoint", "INVALID_NAME", [](auto& r) { r.set_endpoint("alice"); }},
      {"request", "REQUIRED_FIELD_MISSING", [](auto& r) { r.clear_request(); }},
      {"request.method", "REQUIRED_FIELD_MISSING",
       [](auto& r) { r.mutable_request()->clear_method(); }},
      {"request.request_uri", "REQUIRED_FIELD_MISSING",
       [](auto& r) { r.mutable_request()->clear_request_uri(); }},
      {"request.raw", "CONFLICTING_FIELDS", [](auto& r) { r.mutable_request()->set_raw("x"); }},
      {"connection", "CONFLICTING_FIELDS",
       [](auto& r) {
         r.mutable_destination()->set_host("a");
         r.set_connection("connectionManagers/edge/connections/1");
       }},
      {"connection", "INVALID_NAME", [](auto& r) { r.set_connection("1f"); }},
      {"connection", "INVALID_NAME",
       [](auto& r) { r.set_connection("connectionManagers/edge/connections/zz"); }},
      {"destination.host", "REQUIRED_FIELD_MISSING", [](auto& r) { r.mutable_destination(); }},
      {"destination.port", "FIELD_OUT_OF_RANGE",
       [](auto& r) {
         r.mutable_destination()->set_host("a");
         r.mutable_destination()->set_port(65536);
       }},
      {"timeout", "FIELD_OUT_OF_RANGE",
       [](auto& r) { r.mutable_timeout()->set_nanos(99'999'999); }},
      {"timeout", "FIELD_OUT_OF_RANGE", [](auto& r) { r.mutable_timeout()->set_seconds(3601); }},
      {"view", "INVALID_FIELD", [](auto& r) { r.set_view(static_cast<v1::View>(99)); }},
      {"dialog", "DIALOG_NOT_FOUND",
       [](auto& r) { r.mutable_request()->clear_request_uri(), r.set_dialog("d"); }},
  };
  for (const Case& c : cases) {
    v1::SendRequest request = Message();
    c.spoil(request);
    const absl::Status status = Take(request).status;
    EXPECT_EQ(FieldOf(status), c.field) << status;
    EXPECT_EQ(ReasonOf(status), c.reason) << status;
  }
}

TEST(SendConversionTest, TimeoutsAtTheEdgesAreTaken) {
  v1::SendRequest request = Message();
  request.mutable_timeout()->set_nanos(100'000'000);
  EXPECT_EQ(Take(request).order.timeout, absl::Milliseconds(100));
  request.mutable_timeout()->Clear();
  request.mutable_timeout()->set_seconds(3600);
  EXPECT_EQ(Take(request).order.timeout, absl::Hours(1));
}

TEST(SendConversionTest, SentTellsConnectionTargetAndReuse) {
  engine::SendEvent event = MakeSent();
  v1::SendEvent out;
  FillSendEvent(&event, View::kParsed, &out);
  EXPECT_EQ(out.sent().connection(), "connectionManagers/edge/connections/2a");
  EXPECT_EQ(out.sent().reuse(), v1::Sent::REUSED);
  EXPECT_EQ(out.sent().target().host(), "192.0.2.9");
}

TEST(SendConversionTest, ResponsesAreShownParsedOrRaw) {
  engine::SendEvent event = MakeResponse(180, "Ringing");
  v1::SendEvent parsed, raw;
  FillSendEvent(&event, View::kParsed, &parsed);
  FillSendEvent(&event, View::kRaw, &raw);
  EXPECT_EQ(parsed.response().status_code(), 180);
  EXPECT_EQ(parsed.response().reason_phrase(), "Ringing");
  EXPECT_EQ(parsed.response().headers_size(), 6);
  EXPECT_TRUE(parsed.response().raw().empty());
  EXPECT_EQ(raw.response().status_code(), 180);
  EXPECT_EQ(raw.response().headers_size(), 0);
  EXPECT_EQ(raw.response().raw(), SipResponseText(180, "Ringing"));
}

TEST(SendConversionTest, EachReasonHasItsCause) {
  const auto cause = [](absl::StatusCode code, const char* reason) {
    return CauseOf(MakeError(code, reason, "x"));
  };
  using Code = absl::StatusCode;
  EXPECT_EQ(cause(Code::kUnavailable, "CONNECT_REFUSED"), SendFailure::CONNECT_REFUSED);
  EXPECT_EQ(cause(Code::kDeadlineExceeded, "POOL_WAIT_TIMEOUT"), SendFailure::WAIT_TIMEOUT);
  EXPECT_EQ(cause(Code::kDeadlineExceeded, "REQUEST_TIMEOUT"), SendFailure::RESPONSE_TIMEOUT);
  EXPECT_EQ(cause(Code::kResourceExhausted, "POOL_WAIT_QUEUE_FULL"), SendFailure::WAIT_QUEUE_FULL);
  EXPECT_EQ(cause(Code::kFailedPrecondition, "PEER_NAME_MISMATCH"), SendFailure::PEER_NOT_ACCEPTED);
  EXPECT_EQ(cause(Code::kCancelled, "REQUEST_CANCELLED"), SendFailure::CANCELLED);
  EXPECT_EQ(cause(Code::kUnavailable, "DRAINING"), SendFailure::DRAINING);
  EXPECT_EQ(cause(Code::kNotFound, "RESOURCE_NOT_FOUND"), SendFailure::INVALID_REQUEST);
  EXPECT_EQ(cause(Code::kFailedPrecondition, "CONNECTION_OF_ANOTHER_MANAGER"),
            SendFailure::INVALID_REQUEST);
  EXPECT_EQ(CauseOf(InvalidField("destination.transport", "x")), SendFailure::INVALID_REQUEST);
  EXPECT_EQ(CauseOf(absl::CancelledError("")), SendFailure::CANCELLED);
  EXPECT_EQ(CauseOf(absl::InvalidArgumentError("")), SendFailure::INVALID_REQUEST);
  EXPECT_EQ(CauseOf(absl::InternalError("")), SendFailure::INTERNAL_FAULT);
}

TEST(SendConversionTest, AFailureTellsWhetherThePeerMayHaveActed) {
  using Written = engine::SendEvent::Written;
  const auto written = [](Written written) {
    engine::SendEvent event =
        MakeFailure(MakeError(absl::StatusCode::kUnavailable, "CONNECTION_LOST", "x"), written);
    v1::SendEvent out;
    FillSendEvent(&event, View::kParsed, &out);
    return out.failure().written();
  };
  EXPECT_EQ(written(Written::kNothing), SendFailure::NOTHING);
  EXPECT_EQ(written(Written::kSome), SendFailure::SOME);
  EXPECT_EQ(written(Written::kWhole), SendFailure::WHOLE);
}

TEST(SendConversionTest, TheCallersFaultsAreErrorsOfTheCallAndThePeersAreEvents) {
  using Code = absl::StatusCode;
  EXPECT_TRUE(IsCallError(InvalidField("headers[0].name", "x")));
  EXPECT_TRUE(IsCallError(MakeError(Code::kNotFound, "RESOURCE_NOT_FOUND", "x")));
  EXPECT_TRUE(IsCallError(InvalidField("destination.transport", "x")));
  EXPECT_TRUE(IsCallError(MakeError(Code::kUnavailable, "DRAINING", "x")));
  EXPECT_TRUE(
      IsCallError(MakeError(Code::kFailedPrecondition, "CONNECTION_OF_ANOTHER_MANAGER", "x")));
  EXPECT_FALSE(IsCallError(MakeError(Code::kCancelled, "REQUEST_CANCELLED", "x")));
  EXPECT_TRUE(IsCallError(MakeError(Code::kUnavailable, "SHUTTING_DOWN", "x")));
  EXPECT_TRUE(IsCallError(MakeError(Code::kResourceExhausted, "SEND_QUEUE_FULL", "x")));
  EXPECT_FALSE(IsCallError(MakeError(Code::kNotFound, "DNS_NO_SUCH_NAME", "x")));
  EXPECT_FALSE(IsCallError(MakeError(Code::kUnavailable, "CONNECT_REFUSED", "x")));
  EXPECT_FALSE(IsCallError(MakeError(Code::kFailedPrecondition, "PEER_NAME_MISMATCH", "x")));
  EXPECT_FALSE(IsCallError(MakeError(Code::kResourceExhausted, "POOL_WAIT_QUEUE_FULL", "x")));
}

}  // namespace
}  // namespace sipcm::server
