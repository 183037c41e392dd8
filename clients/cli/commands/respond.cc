#include <memory>
#include <string>

#include "clients/cli/call.h"
#include "clients/cli/cli11.h"
#include "clients/cli/commands/commands.h"
#include "clients/cli/session.h"
#include "clients/cli/sip_options.h"
#include "proto/sipcm/v1/messaging.grpc.pb.h"

namespace sipcm::cli {
namespace {

using Stub = v1::Messaging::Stub;

struct Answer {
  std::string request_id;
  int status = 0;
  std::string reason;
  SipOptions message;
};

ExitStatus Respond(Session& session, const Answer& answer) {
  v1::RespondRequest request;
  request.set_request_id(answer.request_id);
  v1::SipResponse& response = *request.mutable_response();
  const std::string wrong = answer.message.Fill(response);
  if (!wrong.empty()) return session.RefuseUsage(wrong);
  response.set_status_code(answer.status);
  response.set_reason_phrase(answer.reason);
  Stub stub(session.channel());
  return CallAndPrint(session, stub, &Stub::Respond, request);
}

}  // namespace

void AddRespondCommand(CLI::App& root, Session& session) {
  CLI::App& command = *root.add_subcommand("respond", "Answers a request that subscribe printed");
  auto answer = std::make_shared<Answer>();
  command.add_option("request_id", answer->request_id, "As printed")->required();
  command.add_option("--status", answer->status, "100 to 699")
      ->required()
      ->check(CLI::Range(100, 699));
  command.add_option("--reason", answer->reason, "Default: the standard phrase");
  answer->message.AddTo(command);
  session.SetAction(command, [&session, answer] { return Respond(session, *answer); });
}

}  // namespace sipcm::cli
