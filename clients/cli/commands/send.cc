#include <google/protobuf/util/time_util.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "clients/cli/address_text.h"
#include "clients/cli/call.h"
#include "clients/cli/cli11.h"
#include "clients/cli/commands/commands.h"
#include "clients/cli/failure.h"
#include "clients/cli/field_text.h"
#include "clients/cli/session.h"
#include "clients/cli/settings.h"
#include "clients/cli/sip_options.h"
#include "proto/sipcm/v1/messaging.grpc.pb.h"

namespace sipcm::cli {
namespace {

using Stub = v1::Messaging::Stub;

struct Sending {
  std::string endpoint;
  std::string method;
  std::string request_uri;
  std::string to;
  std::string transport;
  std::string tls_name;
  std::string connection;
  std::string dialog;
  double answer_timeout_seconds = 0;  // 0: the manager's.
  SipOptions message;
};

// Answers what is wrong, or an empty string.
std::string FillDestination(const Sending& options, v1::SendRequest& request) {
  request.set_connection(options.connection);
  request.set_dialog(options.dialog);
  if (options.request_uri.empty() && options.dialog.empty()) return "give a URI, or --dialog";
  if (options.to.empty()) {
    return options.transport.empty() && options.tls_name.empty()
               ? ""
               : "--transport and --tls-name need --to";
  }
  HostAndPort parsed;
  const std::string wrong = ParseHostAndPort(options.to, parsed);
  if (!wrong.empty()) return "--to " + wrong;
  v1::Destination& destination = *request.mutable_destination();
  destination.set_host(parsed.host);
  destination.set_port(parsed.port);
  destination.set_tls_name(options.tls_name);
  if (options.transport == "tcp") destination.set_transport(v1::TCP);
  if (options.transport == "tls") destination.set_transport(v1::TLS);
  return "";
}

// Answers whether this was the last event, and a failure.
ExitStatus Print(const Session& session, const v1::SendEvent& event) {
  const bool failed = event.has_failure();
  if (session.json()) {
    session.PrintJsonLine(event);
    return failed ? kFailed : kDone;
  }
  if (event.has_sent()) {
    const v1::Sent& sent = event.sent();
    session.PrintText(absl::StrCat("sent to ", FieldText(sent, "target"), " by ", sent.connection(),
                                   " (", FieldText(sent, "reuse"), ")\n\n"));
  } else if (event.has_response()) {
    session.PrintText(MessageText(event.response()));
    if (!event.dialog().empty()) session.PrintText(absl::StrCat("dialog ", event.dialog(), "\n\n"));
  } else if (failed) {
    const v1::SendFailure& failure = event.failure();
    return session.Fail(absl::StrCat(
        CodeName(failure.code()), ": ", failure.explanation(), DetailText(failure.error()),
        " [cause=", FieldText(failure, "cause"), ", written=", FieldText(failure, "written"), "]"));
  }
  return kDone;
}

ExitStatus Send(Session& session, const Sending& options) {
  v1::SendRequest request;
  request.set_endpoint(FullName("endpoints", options.endpoint));
  std::string wrong = options.message.Fill(*request.mutable_request());
  if (wrong.empty()) wrong = FillDestination(options, request);
  if (!wrong.empty()) return session.RefuseUsage(wrong);
  request.mutable_request()->set_method(options.method);
  request.mutable_request()->set_request_uri(options.request_uri);
  if (options.answer_timeout_seconds > 0) {
    *request.mutable_timeout() = google::protobuf::util::TimeUtil::MillisecondsToDuration(
        static_cast<int64_t>(options.answer_timeout_seconds * 1000));
  }

  Stub stub(session.channel());
  grpc::ClientContext context;
  const auto stream = stub.Send(&context, request);
  v1::SendEvent event;
  ExitStatus outcome = kDone;
  while (stream->Read(&event)) {
    const ExitStatus printed = Print(session, event);
    if (printed != kDone) outcome = printed;
  }
  const grpc::Status status = stream->Finish();
  return status.ok() ? outcome : session.Fail(status);
}

}  // namespace

void AddSendCommand(CLI::App& root, Session& session) {
  CLI::App& command = *root.add_subcommand(
      "send", "Sends a request; exit status 0 when a final response came, whatever it says");
  auto options = std::make_shared<Sending>();
  command.add_option("endpoint", options->endpoint, "Name or id of the endpoint that sends")
      ->required();
  command.add_option("method", options->method, "OPTIONS")->required();
  command.add_option("uri", options->request_uri,
                     "Request-URI: sip:bob@example.com; not with --dialog");
  command.add_option("--to", options->to, "HOST:PORT to connect to; default: by the Request-URI");
  command.add_option("--transport", options->transport, "tcp or tls")
      ->check(CLI::IsMember({"tcp", "tls"}));
  command.add_option("--tls-name", options->tls_name, "Name of the peer where it is not the host");
  command.add_option("--connection", options->connection, "Existing connection instead of --to")
      ->excludes("--to");
  command.add_option("--dialog", options->dialog,
                     "Dialog to send in, as a delivery or event names it");
  command
      .add_option("--answer-timeout", options->answer_timeout_seconds,
                  "Seconds for the final response; default: the manager's")
      ->check(CLI::Range(0.1, 3600.0));
  options->message.AddTo(command);
  session.SetAction(command, [&session, options] { return Send(session, *options); });
}

}  // namespace sipcm::cli
