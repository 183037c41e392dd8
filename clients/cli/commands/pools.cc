#include <cstdint>
#include <memory>
#include <string>

#include "clients/cli/call.h"
#include "clients/cli/cli11.h"
#include "clients/cli/commands/commands.h"
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
                         {"DRAINING", "statistics.draining_connection_count"},
                         {"WAITING", "statistics.waiting_request_count"},
                         {"OUTSTANDING", "statistics.outstanding_request_count"},
                         {"REQUESTS", "statistics.request_count"},
                         {"REUSE", "statistics.reuse_ratio"},
                         {"UTILIZATION", "statistics.utilization"},
                         {"WAIT P99", "statistics.wait_p99"}});
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
  int32_t min_connection_count = 0;
  std::string selection;
  std::string sizing;
};

v1::UpdateConnectionPoolRequest RequestFor(const CLI::App& command, const Change& change) {
  v1::UpdateConnectionPoolRequest request;
  v1::ConnectionPool& pool = *request.mutable_connection_pool();
  pool.set_name(change.name);
  const auto is_given = [&](const char* option, const char* field) {
    if (command.count(option) == 0) return false;
    request.mutable_update_mask()->add_paths(field);
    return true;
  };
  if (is_given("--max", "max_connection_count")) {
    pool.set_max_connection_count(change.max_connection_count);
  }
  if (is_given("--min", "min_connection_count")) {
    pool.set_min_connection_count(change.min_connection_count);
  }
  if (is_given("--selection", "selection")) {
    v1::ConnectionPool::SelectionPolicy selection = v1::ConnectionPool::GROW_FIRST;
    v1::ConnectionPool::SelectionPolicy_Parse(change.selection, &selection);
    pool.set_selection(selection);
  }
  if (is_given("--sizing", "sizing")) {
    v1::ConnectionPool::Sizing sizing = v1::ConnectionPool::FIXED;
    v1::ConnectionPool::Sizing_Parse(change.sizing, &sizing);
    pool.set_sizing(sizing);
  }
  return request;
}

void AddSet(CLI::App& group, Session& session) {
  CLI::App& command =
      *group.add_subcommand("set", "Sets the size of a pool, also before the pool is there");
  auto change = std::make_shared<Change>();
  command.add_option("name", change->name, "connectionManagers/edge/pools/tcp:127.0.0.1:5070")
      ->required();
  CLI::Option_group& settings = *command.add_option_group("settings");
  settings.add_option("--max", change->max_connection_count,
                      "Most connections; 2147483647: each request opens its own");
  settings.add_option("--min", change->min_connection_count,
                      "Connections that are kept open without requests");
  settings.add_option("--selection", change->selection, "Which connection a request gets")
      ->check(CLI::IsMember({"GROW_FIRST", "REUSE_FIRST", "LEAST_OUTSTANDING"}));
  settings
      .add_option("--sizing", change->sizing, "AUTO: as large as needed, between --min and --max")
      ->check(CLI::IsMember({"FIXED", "AUTO"}));
  settings.require_option();
  session.SetAction(command, [&session, &settings, change] {
    Stub stub(session.channel());
    return CallAndPrint(session, stub, &Stub::UpdateConnectionPool, RequestFor(settings, *change));
  });
}

void AddDelete(CLI::App& group, Session& session) {
  CLI::App& command =
      *group.add_subcommand("delete", "Closes the connections and forgets the settings");
  auto name = std::make_shared<std::string>();
  auto force = std::make_shared<bool>(false);
  command.add_option("name", *name, "connectionManagers/edge/pools/tcp:127.0.0.1:5070")->required();
  command.add_flag("--force", *force, "Also with requests outstanding or waiting, which fail");
  session.SetAction(command, [&session, name, force] {
    v1::DeleteConnectionPoolRequest request;
    request.set_name(*name);
    request.set_force(*force);
    Stub stub(session.channel());
    return CallAndPrint(session, stub, &Stub::DeleteConnectionPool, request);
  });
}

}  // namespace

void AddPoolsCommands(CLI::App& root, Session& session) {
  CLI::App& group = AddGroup(root, "pools", "Pools: outgoing connections by destination");
  AddList(group, session);
  AddGet(group, session);
  AddSet(group, session);
  AddDelete(group, session);
}

}  // namespace sipcm::cli
