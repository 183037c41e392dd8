#include <memory>
#include <string>
#include <vector>

#include "clients/cli/address_text.h"
#include "clients/cli/call.h"
#include "clients/cli/cli11.h"
#include "clients/cli/commands/commands.h"
#include "clients/cli/session.h"
#include "clients/cli/settings.h"
#include "proto/sipcm/v1/connection_managers.grpc.pb.h"

namespace sipcm::cli {
namespace {

using Stub = v1::ConnectionManagers::Stub;

Stub Managers(Session& session) { return Stub(session.channel()); }

std::string ManagerName(const std::string& text) { return FullName("connectionManagers", text); }

void AddList(CLI::App& group, Session& session) {
  CLI::App& command = *group.add_subcommand("list", "Lists connection managers");
  auto filter = std::make_shared<std::string>();
  command.add_option("--filter", *filter, "'kind = SERVER_TLS AND state = LISTENING'");
  session.SetAction(command, [&session, filter] {
    v1::ListConnectionManagersRequest request;
    request.set_filter(*filter);
    Stub stub = Managers(session);
    return ListAndPrint(session, stub, &Stub::ListConnectionManagers, request,
                        {{"NAME", "name"},
                         {"KIND", "kind"},
                         {"STATE", "state"},
                         {"BOUND", "bound_addresses"},
                         {"MUTUAL TLS", "mutual_tls"},
                         {"ENDPOINTS", "statistics.endpoint_count"},
                         {"WARNINGS", "warnings"}});
  });
}

// get, start, stop: a name in, the manager out.
template <class Request>
void AddNamed(CLI::App& group, Session& session, const std::string& verb, const std::string& help,
              UnaryMethod<Stub, Request, v1::ConnectionManager> method) {
  CLI::App& command = *group.add_subcommand(verb, help);
  auto name = std::make_shared<std::string>();
  command.add_option("name", *name, "Name or id")->required();
  session.SetAction(command, [&session, name, method] {
    Request request;
    request.set_name(ManagerName(*name));
    Stub stub = Managers(session);
    return CallAndPrint(session, stub, method, request);
  });
}

struct Creation {
  std::string id;
  std::string kind;
  std::vector<std::string> listen;
  std::string certificate;
  std::string trust_bundle;
  std::string mutual_tls;
  std::vector<std::string> allowed_domains;
  bool allow_any_domain = false;
  bool start = false;
  bool validate_only = false;
  std::vector<std::string> settings;
};

ExitStatus Create(Session& session, const Creation& options) {
  v1::CreateConnectionManagerRequest request;
  request.set_connection_manager_id(options.id);
  request.set_validate_only(options.validate_only);
  v1::ConnectionManager& manager = *request.mutable_connection_manager();
  v1::ConnectionManager::Kind kind = v1::ConnectionManager::KIND_UNSPECIFIED;
  v1::ConnectionManager::Kind_Parse(options.kind, &kind);
  manager.set_kind(kind);
  v1::ConnectionManager::MutualTls mutual = v1::ConnectionManager::MUTUAL_TLS_UNSPECIFIED;
  v1::ConnectionManager::MutualTls_Parse(options.mutual_tls, &mutual);
  manager.set_mutual_tls(mutual);
  for (const std::string& text : options.listen) {
    HostAndPort parsed;
    const std::string wrong = ParseHostAndPort(text, parsed);
    if (!wrong.empty()) return session.RefuseUsage("--listen " + wrong);
    manager.add_listen_addresses()->set_host(parsed.host);
    manager.mutable_listen_addresses()->rbegin()->set_port(parsed.port);
  }
  if (!options.certificate.empty()) {
    manager.set_certificate(FullName("certificates", options.certificate));
  }
  if (!options.trust_bundle.empty()) {
    manager.set_trust_bundle(FullName("trustBundles", options.trust_bundle));
  }
  for (const std::string& domain : options.allowed_domains) {
    manager.add_allowed_domains()->set_pattern(domain);
  }
  manager.set_allow_any_domain(options.allow_any_domain);
  manager.set_auto_start(options.start);
  const std::string wrong = ApplySettings(options.settings, manager, nullptr);
  if (!wrong.empty()) return session.RefuseUsage(wrong);
  Stub stub = Managers(session);
  return CallAndPrint(session, stub, &Stub::CreateConnectionManager, request);
}

void AddCreate(CLI::App& group, Session& session) {
  CLI::App& command = *group.add_subcommand("create", "Creates a connection manager");
  auto options = std::make_shared<Creation>();
  command.add_option("id", options->id, "What comes after connectionManagers/")->required();
  command.add_option("--kind", options->kind, "SERVER_TCP, SERVER_TLS or CLIENT")
      ->required()
      ->check(CLI::IsMember({"SERVER_TCP", "SERVER_TLS", "CLIENT"}));
  command.add_option("--listen", options->listen, "ADDRESS:PORT; may be repeated")
      ->expected(1)
      ->take_all();
  command.add_option("--certificate", options->certificate, "Name or id of what it presents");
  command.add_option("--trust-bundle", options->trust_bundle, "Name or id of whom it trusts");
  command.add_option("--mutual-tls", options->mutual_tls, "OFF, REQUEST or REQUIRE")
      ->check(CLI::IsMember({"OFF", "REQUEST", "REQUIRE"}));
  command.add_option("--allow", options->allowed_domains, "Allowed domain; may be repeated")
      ->expected(1)
      ->take_all();
  command.add_flag("--allow-any-domain", options->allow_any_domain,
                   "Everyone with a valid certificate may connect");
  command.add_flag("--start", options->start, "Start to listen, now and with the server");
  command.add_flag("--validate-only", options->validate_only, "Check, but create nothing");
  command.add_option("--set", options->settings, "Another field, path=value; may be repeated")
      ->expected(1)
      ->take_all();
  session.SetAction(command, [&session, options] { return Create(session, *options); });
}

struct Change {
  std::string name;
  std::string etag;
  std::vector<std::string> settings;
};

ExitStatus Update(Session& session, const Change& options) {
  v1::UpdateConnectionManagerRequest request;
  v1::ConnectionManager& manager = *request.mutable_connection_manager();
  const std::string wrong = ApplySettings(options.settings, manager, request.mutable_update_mask());
  if (!wrong.empty()) return session.RefuseUsage(wrong);
  manager.set_name(ManagerName(options.name));
  manager.set_etag(options.etag);
  Stub stub = Managers(session);
  return CallAndPrint(session, stub, &Stub::UpdateConnectionManager, request);
}

void AddUpdate(CLI::App& group, Session& session) {
  CLI::App& command = *group.add_subcommand("update", "Changes fields of a connection manager");
  auto options = std::make_shared<Change>();
  command.add_option("name", options->name, "Name or id")->required();
  command.add_option("--set", options->settings, "path=value; may be repeated")
      ->required()
      ->expected(1)
      ->take_all();
  command.add_option("--etag", options->etag, "Refuse when it changed since");
  session.SetAction(command, [&session, options] { return Update(session, *options); });
}

void AddDelete(CLI::App& group, Session& session) {
  CLI::App& command = *group.add_subcommand("delete", "Deletes a connection manager");
  auto name = std::make_shared<std::string>();
  auto force = std::make_shared<bool>(false);
  command.add_option("name", *name, "Name or id")->required();
  command.add_flag("--force", *force, "Also with endpoints, which end");
  session.SetAction(command, [&session, name, force] {
    v1::DeleteConnectionManagerRequest request;
    request.set_name(ManagerName(*name));
    request.set_force(*force);
    Stub stub = Managers(session);
    return CallAndPrint(session, stub, &Stub::DeleteConnectionManager, request);
  });
}

}  // namespace

void AddManagersCommands(CLI::App& root, Session& session) {
  CLI::App& group =
      AddGroup(root, "managers", "Connection managers: what listens, with which rules");
  AddList(group, session);
  AddNamed(group, session, "get", "Shows one", &Stub::GetConnectionManager);
  AddCreate(group, session);
  AddUpdate(group, session);
  AddNamed(group, session, "start", "Starts to listen", &Stub::StartListening);
  AddNamed(group, session, "stop", "Stops to listen; connections stay", &Stub::StopListening);
  AddDelete(group, session);
}

}  // namespace sipcm::cli
