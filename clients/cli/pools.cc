#include <cstdint>
#include <memory>
#include <string>

#include "clients/cli/call.h"
#include "clients/cli/cli11.h"
#include "clients/cli/commands.h"
#include "clients/cli/session.h"
#include "clients/cli/settings.h"
#include "proto/sipcm/v1/connection_pools.grpc.pb.h"

namespace sipcm::cli {
namespace {

using Stub = v1::ConnectionPools::Stub;

void AddList(CLI::App& group, Session& session) {
  CLI::App& command = *group.add_subcommand("list", "Lists pools");
  auto manager = std::make_shared<std::string>("-");
  auto filter = std::make_shared<std::string>();
  command.add_option("manager", *manager, "Name or id of a manager; default all");
  command.add_option("--filter", *filter, "'state = ACTIVE'");
  session.SetAction(command, [&session, manager, filter] {
    v1::ListConnectionPoolsRequest request;
    request.set_parent(FullName("connectionManagers", *manager));
    request.set_filter(*filter);
    Stub stub(session.channel());
    return ListAndPrint(session, stub, &Stub::ListConnectionPools, request,
                        {{"NAME", "name"},
                         {"STATE", "state"},
                         {"MAX", "max_connection_count"},
                         {"LIVE", "statistics.live_connection_count"},
                         {"WAITING", "statistics.waiting_request_count"},
                         {"OUTSTANDING", "statistics.outstanding_request_count"},
                         {"REQUESTS", "statistics.request_count"}});
  });
}

void AddGet(CLI::App& group, Session& session) {
  CLI::App& command = *group.add_subcommand("get", "Shows one");
  auto name = std::make_shared<std::string>();
  command.add_option("name", *name, "connectionManagers/edge/pools/tcp:127.0.0.1:5070")->required();
  session.SetAction(command, [&session, name] {
    v1::GetConnectionPoolRequest request;
    request.set_name(*name);
    Stub stub(session.channel());
    return CallAndPrint(session, stub, &Stub::GetConnectionPool, request);
  });
}

struct Change {
  std::string name;
  int32_t max_connection_count = 0;
};

void AddSet(CLI::App& group, Session& session) {
  CLI::App& command =
      *group.add_subcommand("set", "Sets the bound of a pool, also before the pool is there");
  auto change = std::make_shared<Change>();
  command.add_option("name", change->name, "connectionManagers/edge/pools/tcp:127.0.0.1:5070")
      ->required();
  command
      .add_option("--max", change->max_connection_count,
                  "Most connections; 2147483647: each request opens its own")
      ->required();
  session.SetAction(command, [&session, change] {
    v1::UpdateConnectionPoolRequest request;
    request.mutable_connection_pool()->set_name(change->name);
    request.mutable_connection_pool()->set_max_connection_count(change->max_connection_count);
    request.mutable_update_mask()->add_paths("max_connection_count");
    Stub stub(session.channel());
    return CallAndPrint(session, stub, &Stub::UpdateConnectionPool, request);
  });
}

}  // namespace

void AddPoolsCommands(CLI::App& root, Session& session) {
  CLI::App& group = AddGroup(root, "pools", "Pools: outgoing connections by destination");
  AddList(group, session);
  AddGet(group, session);
  AddSet(group, session);
}

}  // namespace sipcm::cli
