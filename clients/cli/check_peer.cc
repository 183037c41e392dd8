#include <memory>
#include <string>

#include "clients/cli/call.h"
#include "clients/cli/cli11.h"
#include "clients/cli/commands.h"
#include "clients/cli/session.h"
#include "clients/cli/settings.h"
#include "proto/sipcm/v1/connection_managers.grpc.pb.h"

namespace sipcm::cli {
namespace {

using Stub = v1::ConnectionManagers::Stub;

struct Question {
  std::string file;
  std::string manager;
  std::string outgoing_host;
};

ExitStatus CheckPeer(Session& session, const Question& question) {
  v1::CheckPeerRequest request;
  request.set_name(FullName("connectionManagers", question.manager));
  std::string content;
  if (!ReadFile(question.file, content)) return session.Fail(content);
  request.set_certificate_pem(content);
  if (!question.outgoing_host.empty()) {
    request.set_direction(v1::OUTGOING);
    request.set_host(question.outgoing_host);
  }
  Stub stub(session.channel());
  v1::CheckPeerResponse response;
  const grpc::Status status = Call(session, stub, &Stub::CheckPeer, request, &response);
  if (!status.ok()) return session.Fail(status);
  session.PrintResource(response.verdict());
  return response.verdict().decision() == v1::PeerVerdict::ALLOWED ? kDone : kFailed;
}

}  // namespace

void AddCheckPeerCommand(CLI::App& root, Session& session) {
  CLI::App& command = *root.add_subcommand(
      "check-peer", "Says whether a peer with this certificate may connect; exit status 1 if not");
  auto question = std::make_shared<Question>();
  command.add_option("file", question->file, "PEM, leaf first; - is standard input")->required();
  command.add_option("--manager", question->manager, "Name or id of the manager that is asked")
      ->required();
  command.add_option("--outgoing", question->outgoing_host,
                     "HOST: may we connect to it, instead of: may it connect to us");
  session.SetAction(command, [&session, question] { return CheckPeer(session, *question); });
}

}  // namespace sipcm::cli
