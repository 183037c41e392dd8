#include <memory>
#include <string>

#include "clients/cli/call.h"
#include "clients/cli/cli11.h"
#include "clients/cli/commands.h"
#include "clients/cli/session.h"
#include "clients/cli/settings.h"
#include "proto/sipcm/v1/certificates.grpc.pb.h"

namespace sipcm::cli {
namespace {

using Stub = v1::Certificates::Stub;

void AddList(CLI::App& group, Session& session) {
  CLI::App& command = *group.add_subcommand("list", "Lists trust bundles");
  session.SetAction(command, [&session] {
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
}

void AddGet(CLI::App& group, Session& session) {
  CLI::App& command = *group.add_subcommand("get", "Shows one");
  auto name = std::make_shared<std::string>();
  command.add_option("name", *name, "Name or id")->required();
  session.SetAction(command, [&session, name] {
    v1::GetTrustBundleRequest request;
    request.set_name(FullName("trustBundles", *name));
    Stub stub(session.channel());
    return CallAndPrint(session, stub, &Stub::GetTrustBundle, request);
  });
}

struct Creation {
  std::string id;
  std::string certificates_file;
  std::string crls_file;
  bool validate_only = false;
};

ExitStatus Create(Session& session, const Creation& options) {
  v1::CreateTrustBundleRequest request;
  request.set_trust_bundle_id(options.id);
  request.set_validate_only(options.validate_only);
  std::string content;
  if (!ReadFile(options.certificates_file, content)) return session.Fail(content);
  request.mutable_trust_bundle()->set_certificates_pem(content);
  if (!options.crls_file.empty()) {
    if (!ReadFile(options.crls_file, content)) return session.Fail(content);
    request.mutable_trust_bundle()->set_crls_pem(content);
  }
  Stub stub(session.channel());
  return CallAndPrint(session, stub, &Stub::CreateTrustBundle, request);
}

void AddCreate(CLI::App& group, Session& session) {
  CLI::App& command = *group.add_subcommand("create", "Creates one from PEM files read here");
  auto options = std::make_shared<Creation>();
  command.add_option("id", options->id, "What comes after trustBundles/")->required();
  command.add_option("--certificates", options->certificates_file, "FILE with CA certificates")
      ->required();
  command.add_option("--crls", options->crls_file, "FILE with CRLs");
  command.add_flag("--validate-only", options->validate_only, "Check, but create nothing");
  session.SetAction(command, [&session, options] { return Create(session, *options); });
}

void AddDelete(CLI::App& group, Session& session) {
  CLI::App& command = *group.add_subcommand("delete", "Deletes one");
  auto name = std::make_shared<std::string>();
  auto force = std::make_shared<bool>(false);
  command.add_option("name", *name, "Name or id")->required();
  command.add_flag("--force", *force, "Also while domains of managers without mutual TLS use it");
  session.SetAction(command, [&session, name, force] {
    v1::DeleteTrustBundleRequest request;
    request.set_name(FullName("trustBundles", *name));
    request.set_force(*force);
    Stub stub(session.channel());
    return CallAndPrint(session, stub, &Stub::DeleteTrustBundle, request);
  });
}

}  // namespace

void AddTrustBundlesCommands(CLI::App& root, Session& session) {
  CLI::App& group = AddGroup(root, "trust-bundles", "Trust bundles: whose certificates we accept");
  AddList(group, session);
  AddGet(group, session);
  AddCreate(group, session);
  AddDelete(group, session);
}

}  // namespace sipcm::cli
