#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "clients/cli/call.h"
#include "clients/cli/cli11.h"
#include "clients/cli/commands/commands.h"
#include "clients/cli/session.h"
#include "clients/cli/settings.h"
#include "proto/sipcm/v1/config.pb.h"
#include "proto/sipcm/v1/connection_managers.grpc.pb.h"

namespace sipcm::cli {
namespace {

using Stub = v1::ConnectionManagers::Stub;

struct Entry {
  std::string manager;
  std::string pattern;
  std::string trust_bundle;
  bool close_connections = false;
};

CLI::App& AddVerb(CLI::App& group, Entry& entry, const std::string& verb, const std::string& help) {
  CLI::App& command = *group.add_subcommand(verb, help);
  command.add_option("manager", entry.manager, "Name or id of the manager")->required();
  return command;
}

ExitStatus List(Session& session, const Entry& entry) {
  v1::GetConnectionManagerRequest request;
  request.set_name(FullName("connectionManagers", entry.manager));
  Stub stub(session.channel());
  v1::ConnectionManager manager;
  const grpc::Status status = Call(session, stub, &Stub::GetConnectionManager, request, &manager);
  if (!status.ok()) return session.Fail(status);
  // Only the list, as a message of its own, so that --json has it alone too.
  v1::ConnectionManager domains;
  *domains.mutable_allowed_domains() = manager.allowed_domains();
  if (session.json()) {
    session.PrintResource(domains);
    return kDone;
  }
  v1::Config table;
  for (const v1::AllowedDomain& domain : domains.allowed_domains()) {
    *table.add_connection_managers()->add_allowed_domains() = domain;
  }
  session.PrintList(table, {{"PATTERN", "allowed_domains.pattern"},
                            {"ORIGIN", "allowed_domains.origin"},
                            {"EXPIRES", "allowed_domains.expire_time"},
                            {"TRUST BUNDLE", "allowed_domains.trust_bundle"}});
  return kDone;
}

ExitStatus Add(Session& session, const Entry& entry) {
  v1::AddAllowedDomainRequest request;
  request.set_name(FullName("connectionManagers", entry.manager));
  request.mutable_domain()->set_pattern(entry.pattern);
  if (!entry.trust_bundle.empty()) {
    request.mutable_domain()->set_trust_bundle(FullName("trustBundles", entry.trust_bundle));
  }
  Stub stub(session.channel());
  v1::AddAllowedDomainResponse response;
  const grpc::Status status = Call(session, stub, &Stub::AddAllowedDomain, request, &response);
  if (!status.ok()) return session.Fail(status);
  if (session.json()) session.PrintResource(response);
  session.PrintText(response.added() ? "added\n" : "was there already\n");
  return kDone;
}

ExitStatus Remove(Session& session, const Entry& entry) {
  v1::RemoveAllowedDomainRequest request;
  request.set_name(FullName("connectionManagers", entry.manager));
  request.set_pattern(entry.pattern);
  request.set_close_connections(entry.close_connections);
  Stub stub(session.channel());
  v1::RemoveAllowedDomainResponse response;
  const grpc::Status status = Call(session, stub, &Stub::RemoveAllowedDomain, request, &response);
  if (!status.ok()) return session.Fail(status);
  if (session.json()) session.PrintResource(response);
  session.PrintText(
      response.removed()
          ? absl::StrCat("removed; ", response.closed_connection_count(), " connections closed\n")
          : "was not there\n");
  return kDone;
}

}  // namespace

void AddDomainsCommands(CLI::App& root, Session& session) {
  CLI::App& group = AddGroup(root, "domains", "Allowed domains: who may connect with mutual TLS");
  auto entry = std::make_shared<Entry>();
  CLI::App& list = AddVerb(group, *entry, "list", "Lists the entries in the order of matching");
  session.SetAction(list, [&session, entry] { return List(session, *entry); });

  CLI::App& add = AddVerb(group, *entry, "add", "Adds an entry for later handshakes");
  add.add_option("pattern", entry->pattern, "sip.contoso.com, .contoso.com or an IP address")
      ->required();
  add.add_option("--trust-bundle", entry->trust_bundle, "Whose certificates the entry is for");
  session.SetAction(add, [&session, entry] { return Add(session, *entry); });

  CLI::App& remove = AddVerb(group, *entry, "remove", "Removes an entry for later handshakes");
  remove.add_option("pattern", entry->pattern, "The entry")->required();
  remove.add_flag("--close-connections", entry->close_connections,
                  "Also close the connections that it let in");
  session.SetAction(remove, [&session, entry] { return Remove(session, *entry); });
}

}  // namespace sipcm::cli
