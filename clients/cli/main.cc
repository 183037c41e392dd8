// The command line of sipcm: sipcm --help.

#include <iostream>
#include <string>
#include <vector>

#include "clients/cli/cli11.h"
#include "clients/cli/commands/commands.h"
#include "clients/cli/session.h"
#include "clients/cli/table.h"

namespace {

// CLI11 says only that a subcommand is required: which word is none, and what there is instead.
std::string UnknownCommandText(const CLI::App& app, const std::string& word) {
  std::string text = "error: " + app.get_name() + " has no command \"" + word + "\"; give one of";
  const char* separator = " ";
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    text += separator + command->get_name();
    separator = ", ";
  }
  return sipcm::cli::Printable(text) + "\n";
}

std::string UsageText(const CLI::App* root, const CLI::Error& error) {
  const CLI::App* app = root;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  const std::vector<std::string> unknown = root->remaining(true);
  if (app->get_require_subcommand_min() > 0 && !unknown.empty()) {
    return UnknownCommandText(*app, unknown.front());
  }
  return sipcm::cli::Printable(std::string("error: ") + error.what()) + "; see sipcm --help\n";
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
  sipcm::cli::AddWatchCommand(root, session);

  // CLI11 reports by exceptions; they end here.
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return root.exit(error) == 0 ? sipcm::cli::kDone : sipcm::cli::kWrongUsage;
  }
  return session.Run();
}
