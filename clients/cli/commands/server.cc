#include "clients/cli/call.h"
#include "clients/cli/cli11.h"
#include "clients/cli/commands/commands.h"
#include "clients/cli/session.h"
#include "proto/sipcm/v1/admin.grpc.pb.h"

namespace sipcm::cli {

void AddServerCommand(CLI::App& root, Session& session) {
  CLI::App& command = *root.add_subcommand("server", "Shows version, state and counts");
  session.SetAction(command, [&session] {
    v1::Admin::Stub stub(session.channel());
    return CallAndPrint(session, stub, &v1::Admin::Stub::GetServer, v1::GetServerRequest());
  });
}

}  // namespace sipcm::cli
