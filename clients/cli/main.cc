// The command line of sipcm: sipcm --help.

#include <iostream>
#include <string>

#include "clients/cli/cli11.h"
#include "clients/cli/commands.h"
#include "clients/cli/session.h"

namespace {

std::string UsageText(const CLI::App*, const CLI::Error& error) {
  return std::string("error: ") + error.what() + "; see sipcm --help\n";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App root("Looks at and steers a sipcm server, takes and sends SIP requests.", "sipcm");
  sipcm::cli::Session session;
  root.fallthrough();  // --json and its kind may stand anywhere.
  root.require_subcommand(1);
  root.failure_message(UsageText);
  root.set_help_all_flag("--help-all", "Show all commands");
  session.AddOptions(root);

  sipcm::cli::AddServerCommand(root, session);
  sipcm::cli::AddManagersCommands(root, session);
  sipcm::cli::AddDomainsCommands(root, session);
  sipcm::cli::AddCheckPeerCommand(root, session);
  sipcm::cli::AddEndpointsCommands(root, session);
  sipcm::cli::AddPoolsCommands(root, session);
  sipcm::cli::AddConnectionsCommands(root, session);
  sipcm::cli::AddCertificatesCommands(root, session);
  sipcm::cli::AddTrustBundlesCommands(root, session);
  sipcm::cli::AddSubscribeCommand(root, session);
  sipcm::cli::AddRespondCommand(root, session);
  sipcm::cli::AddSendCommand(root, session);

  // CLI11 reports by exceptions; they end here.
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return root.exit(error) == 0 ? sipcm::cli::kDone : sipcm::cli::kWrongUsage;
  }
  return session.Run();
}
