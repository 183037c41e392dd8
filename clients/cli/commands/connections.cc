#include <memory>
#include <string>

#include "clients/cli/call.h"
#include "clients/cli/cli11.h"
#include "clients/cli/commands/commands.h"
#include "clients/cli/session.h"
#include "clients/cli/settings.h"
#include "proto/sipcm/v1/connections.grpc.pb.h"

namespace sipcm::cli {
namespace {

using Stub = v1::Connections::Stub;

void AddList(CLI::App& group, Session& session) {
  CLI::App& command = *group.add_subcommand("list", "Lists live connections");
  auto manager = std::make_shared<std::string>("-");
  auto filter = std::make_shared<std::string>();
  command.add_option("manager", *manager, "Name or id of a manager; default all");
  command.add_option("--filter", *filter, "'direction = INCOMING AND transport = TLS'");
  session.SetAction(command, [&session, manager, filter] {
    v1::ListConnectionsRequest request;
    request.set_parent(FullName("connectionManagers", *manager));
    request.set_filter(*filter);
    Stub stub(session.channel());
    return ListAndPrint(session, stub, &Stub::ListConnections, request,
                        {{"NAME", "name"},
                         {"DIRECTION", "direction"},
                         {"TRANSPORT", "transport"},
                         {"REMOTE", "remote_address"},
                         {"STATE", "state"},
                         {"PEER", "peer.subject"},
                         {"ALLOWED BY", "peer.matched_allowed_domain"},
                         {"REQUESTS IN", "statistics.received_request_count"},
                         {"OUT", "statistics.sent_request_count"}});
  });
}

void AddGet(CLI::App& group, Session& session) {
  CLI::App& command = *group.add_subcommand("get", "Shows one");
  auto name = std::make_shared<std::string>();
  command.add_option("name", *name, "connectionManagers/edge/connections/1")->required();
  session.SetAction(command, [&session, name] {
    v1::GetConnectionRequest request;
    request.set_name(*name);
    Stub stub(session.channel());
    return CallAndPrint(session, stub, &Stub::GetConnection, request);
  });
}

void AddClose(CLI::App& group, Session& session) {
  CLI::App& command = *group.add_subcommand("close", "Closes one");
  auto name = std::make_shared<std::string>();
  auto when_idle = std::make_shared<bool>(false);
  command.add_option("name", *name, "connectionManagers/edge/connections/1")->required();
  command.add_flag("--when-idle", *when_idle, "Let what is outstanding finish first");
  session.SetAction(command, [&session, name, when_idle] {
    v1::CloseConnectionRequest request;
    request.set_name(*name);
    request.set_mode(*when_idle ? v1::CloseConnectionRequest::WHEN_IDLE
                                : v1::CloseConnectionRequest::IMMEDIATE);
    Stub stub(session.channel());
    return CallAndPrint(session, stub, &Stub::CloseConnection, request);
  });
}

}  // namespace

void AddConnectionsCommands(CLI::App& root, Session& session) {
  CLI::App& group = AddGroup(root, "connections", "Live connections");
  AddList(group, session);
  AddGet(group, session);
  AddClose(group, session);
}

}  // namespace sipcm::cli
