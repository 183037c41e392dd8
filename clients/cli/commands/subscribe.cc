#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/cli/call.h"
#include "clients/cli/cli11.h"
#include "clients/cli/commands/commands.h"
#include "clients/cli/commands/stream_reading.h"
#include "clients/cli/field_text.h"
#include "clients/cli/session.h"
#include "clients/cli/settings.h"
#include "clients/cli/sip_options.h"
#include "proto/sipcm/v1/messaging.grpc.pb.h"

namespace sipcm::cli {
namespace {

using Stub = v1::Messaging::Stub;

struct Subscription {
  std::string endpoint;
  std::vector<std::string> methods;
  bool raw = false;
  int answer = 0;     // 0: somebody else answers.
  int64_t count = 0;  // 0: until the stream ends.
  SipOptions message;
};

std::string RequestText(const v1::RequestDelivery& request) {
  std::string text = absl::StrCat("request ", request.request_id());
  for (const char* path : {"endpoint", "reason", "peer.address", "peer.subject", "dialog"}) {
    const std::string value = FieldText(request, path);
    if (!value.empty()) absl::StrAppend(&text, "  ", path, "=", value);
  }
  if (request.attempt() > 1) {
    absl::StrAppend(&text, "  attempt=", request.attempt(), " (",
                    FieldText(request, "attempt_reason"), ")");
  }
  return absl::StrCat(text, "\n", MessageText(request.request()));
}

void Print(const Session& session, const v1::Delivery& delivery) {
  if (session.json()) {
    session.PrintJsonLine(delivery);
    return;
  }
  switch (delivery.delivery_case()) {
    case v1::Delivery::kStarted:
      session.PrintText(absl::StrCat("subscribed to ",
                                     delivery.started().endpoint().empty()
                                         ? delivery.started().connection_manager()
                                         : delivery.started().endpoint(),
                                     "\n\n"));
      return;
    case v1::Delivery::kRequest:
      session.PrintText(RequestText(delivery.request()));
      return;
    case v1::Delivery::kCancelled:
      session.PrintText(absl::StrCat("cancelled ", delivery.cancelled().request_id(), "\n\n"));
      return;
    case v1::Delivery::kExpired:
      session.PrintText(absl::StrCat("expired ", delivery.expired().request_id(),
                                     "; the server answered ", delivery.expired().status_code(),
                                     "\n\n"));
      return;
    case v1::Delivery::kGap:
      session.PrintText(absl::StrCat("lost ", delivery.gap().lost_count(), "\n\n"));
      return;
    case v1::Delivery::kAckMissing:
      session.PrintText(absl::StrCat("no ACK for ", delivery.ack_missing().request_id(), "\n\n"));
      return;
    case v1::Delivery::DELIVERY_NOT_SET:
      return;
  }
}

// Answers one request. One that expired or was cancelled meanwhile is told and does not end it.
void Answer(Session& session, Stub& stub, const v1::RequestDelivery& request,
            const v1::SipResponse& response) {
  if (request.request().method() == "ACK") return;
  v1::RespondRequest respond;
  respond.set_request_id(request.request_id());
  *respond.mutable_response() = response;
  v1::RespondResponse result;
  const grpc::Status status = Call(session, stub, &Stub::Respond, respond, &result);
  if (!status.ok()) {
    session.Fail(status);
    return;
  }
  session.PrintText(
      absl::StrCat("answered ", request.request_id(), " ", response.status_code(), "\n\n"));
}

ExitStatus Subscribe(Session& session, const Subscription& options) {
  v1::SipResponse response;
  const std::string wrong = options.message.Fill(response);
  if (!wrong.empty()) return session.RefuseUsage(wrong);
  response.set_status_code(options.answer);

  v1::SubscribeRequest subscribe;
  const std::string name = FullName("endpoints", options.endpoint);
  if (name.rfind("connectionManagers/", 0) == 0) {
    subscribe.set_connection_manager(name);
  } else {
    subscribe.set_endpoint(name);
  }
  for (const std::string& method : options.methods) subscribe.add_methods(method);
  subscribe.set_view(options.raw ? v1::RAW : v1::PARSED);

  Stub stub(session.channel());
  grpc::ClientContext context;
  const auto stream = stub.Subscribe(&context, subscribe);
  int64_t seen = 0;
  const auto take = [&](const v1::Delivery& delivery) {
    Print(session, delivery);
    if (!delivery.has_request()) return Reading::kGoOn;
    if (options.answer != 0) Answer(session, stub, delivery.request(), response);
    return ++seen == options.count ? Reading::kEnough : Reading::kGoOn;
  };
  return ReadStream<v1::Delivery>(session, context, *stream, take);
}

}  // namespace

void AddSubscribeCommand(CLI::App& root, Session& session) {
  CLI::App& command = *root.add_subcommand("subscribe", "Prints the requests for an endpoint");
  auto options = std::make_shared<Subscription>();
  command
      .add_option("endpoint", options->endpoint,
                  "Name or id of an endpoint, or connectionManagers/… for all of a manager")
      ->required();
  command.add_option("--answer", options->answer, "STATUS to answer each one with")
      ->check(CLI::Range(200, 699));
  options->message.AddTo(command);
  command.add_option("--count", options->count, "End after so many requests")
      ->check(CLI::PositiveNumber);
  command.add_option("--method", options->methods, "Only this one; may be repeated")
      ->expected(1)
      ->take_all();
  command.add_flag("--raw", options->raw, "Show the bytes as received");
  session.SetAction(command, [&session, options] { return Subscribe(session, *options); });
}

}  // namespace sipcm::cli
