#ifndef SIPCM_CLIENTS_CLI_COMMANDS_COMMANDS_H_
#define SIPCM_CLIENTS_CLI_COMMANDS_COMMANDS_H_

namespace CLI {
class App;
}  // namespace CLI

namespace sipcm::cli {

class Session;

// Each adds the commands of one noun to the root. The session has to outlive the root.
void AddManagersCommands(CLI::App& root, Session& session);
void AddDomainsCommands(CLI::App& root, Session& session);
void AddCheckPeerCommand(CLI::App& root, Session& session);
void AddEndpointsCommands(CLI::App& root, Session& session);
void AddPoolsCommands(CLI::App& root, Session& session);
void AddConnectionsCommands(CLI::App& root, Session& session);
void AddCertificatesCommands(CLI::App& root, Session& session);
void AddTrustBundlesCommands(CLI::App& root, Session& session);
void AddServerCommand(CLI::App& root, Session& session);
void AddSubscribeCommand(CLI::App& root, Session& session);
void AddRespondCommand(CLI::App& root, Session& session);
void AddSendCommand(CLI::App& root, Session& session);
void AddWatchCommand(CLI::App& root, Session& session);

}  // namespace sipcm::cli

#endif  // SIPCM_CLIENTS_CLI_COMMANDS_COMMANDS_H_
