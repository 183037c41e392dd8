#include <memory>
#include <string>

#include "clients/cli/call.h"
#include "clients/cli/cli11.h"
#include "clients/cli/commands/commands.h"
#include "clients/cli/commands/named_command.h"
#include "clients/cli/session.h"
#include "clients/cli/settings.h"
#include "proto/sipcm/v1/certificates.grpc.pb.h"

namespace sipcm::cli {
namespace {

using Stub = v1::Certificates::Stub;

struct Change {
  std::string name;
  std::string certificates_file;
  std::string crls_file;
  std::string watched_certificates;
  std::string watched_crls;
  ChangeOptions options;

  void AddSource(CLI::App& command) {
    command.add_option("--certificates", certificates_file, "FILE with CA certificates");
    command.add_option("--crls", crls_file, "FILE with CRLs");
    CLI::Option* watched = command.add_option("--watch-certificates", watched_certificates,
                                              "Path on the server's machine");
    command.add_option("--watch-crls", watched_crls, "Path on the server's machine")
        ->needs(watched);
  }

  // What is wrong, or an empty string.
  std::string Fill(v1::TrustBundle& bundle) const {
    std::string content;
    if (!certificates_file.empty()) {
      if (!ReadFile(certificates_file, content)) return content;
      bundle.set_certificates_pem(content);
    }
    if (!crls_file.empty()) {
      if (!ReadFile(crls_file, content)) return content;
      bundle.set_crls_pem(content);
    }
    bundle.set_certificates_file(watched_certificates);
    bundle.set_crls_file(watched_crls);
    return "";
  }
};

ExitStatus Create(Session& session, const Change& change) {
  v1::CreateTrustBundleRequest request;
  request.set_trust_bundle_id(change.name);
  request.set_validate_only(change.options.validate_only);
  const std::string wrong = change.Fill(*request.mutable_trust_bundle());
  if (!wrong.empty()) return session.Fail(wrong);
  Stub stub(session.channel());
  return CallAndPrint(session, stub, &Stub::CreateTrustBundle, request);
}

ExitStatus Update(Session& session, const Change& change) {
  v1::UpdateTrustBundleRequest request;
  request.mutable_trust_bundle()->set_name(FullName("trustBundles", change.name));
  request.set_validate_only(change.options.validate_only);
  request.set_old_connections(change.options.OldConnections());
  const std::string wrong = change.Fill(*request.mutable_trust_bundle());
  if (!wrong.empty()) return session.Fail(wrong);
  Stub stub(session.channel());
  return CallAndPrint(session, stub, &Stub::UpdateTrustBundle, request);
}

}  // namespace

void AddTrustBundlesCommands(CLI::App& root, Session& session) {
  CLI::App& group = AddGroup(root, "trust-bundles", "Trust bundles: whose certificates we accept");
  session.SetAction(*group.add_subcommand("list", "Lists trust bundles"), [&session] {
    Stub stub(session.channel());
    return ListAndPrint(session, stub, &Stub::ListTrustBundles, v1::ListTrustBundlesRequest(),
                        {{"NAME", "name"},
                         {"STATE", "state"},
                         {"CERTIFICATES", "certificate_count"},
                         {"CRLS", "crl_count"},
                         {"FIRST ENDS", "earliest_expire_time"},
                         {"SUBJECTS", "subjects"},
                         {"MANAGERS", "connection_managers"}});
  });
  SetNamedAction(*group.add_subcommand("get", "Shows one"), session, "trustBundles",
                 &Stub::GetTrustBundle);

  CLI::App& create = *group.add_subcommand("create", "Creates one");
  auto created = std::make_shared<Change>();
  create.add_option("id", created->name, "What comes after trustBundles/")->required();
  created->AddSource(create);
  created->options.AddToCreation(create);
  session.SetAction(create, [&session, created] { return Create(session, *created); });

  CLI::App& update = *group.add_subcommand("update", "Changes one for later handshakes");
  auto updated = std::make_shared<Change>();
  update.add_option("name", updated->name, "Name or id")->required();
  updated->AddSource(update);
  updated->options.AddToUpdate(update);
  session.SetAction(update, [&session, updated] { return Update(session, *updated); });

  SetDeleteAction(*group.add_subcommand("delete", "Deletes one"), session, "trustBundles",
                  &Stub::DeleteTrustBundle,
                  "Also while domains of managers without mutual TLS use it");
}

}  // namespace sipcm::cli
