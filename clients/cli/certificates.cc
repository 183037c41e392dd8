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
  CLI::App& command = *group.add_subcommand("list", "Lists certificates");
  session.SetAction(command, [&session] {
    Stub stub(session.channel());
    return ListAndPrint(session, stub, &Stub::ListCertificates, v1::ListCertificatesRequest(),
                        {{"NAME", "name"},
                         {"STATE", "state"},
                         {"SUBJECT", "subject"},
                         {"DNS NAMES", "dns_names"},
                         {"KEY", "key_type"},
                         {"ENDS", "not_after_time"},
                         {"MANAGERS", "connection_managers"}});
  });
}

void AddGet(CLI::App& group, Session& session) {
  CLI::App& command = *group.add_subcommand("get", "Shows one");
  auto name = std::make_shared<std::string>();
  command.add_option("name", *name, "Name or id")->required();
  session.SetAction(command, [&session, name] {
    v1::GetCertificateRequest request;
    request.set_name(FullName("certificates", *name));
    Stub stub(session.channel());
    return CallAndPrint(session, stub, &Stub::GetCertificate, request);
  });
}

struct Creation {
  std::string id;
  std::string certificate_file;
  std::string key_file;
  bool validate_only = false;
};

ExitStatus Create(Session& session, const Creation& options) {
  v1::CreateCertificateRequest request;
  request.set_certificate_id(options.id);
  request.set_validate_only(options.validate_only);
  std::string content;
  if (!ReadFile(options.certificate_file, content)) return session.Fail(content);
  request.mutable_certificate()->set_certificate_pem(content);
  if (!ReadFile(options.key_file, content)) return session.Fail(content);
  request.mutable_certificate()->set_private_key_pem(content);
  Stub stub(session.channel());
  return CallAndPrint(session, stub, &Stub::CreateCertificate, request);
}

void AddCreate(CLI::App& group, Session& session) {
  CLI::App& command = *group.add_subcommand("create", "Creates one from PEM files read here");
  auto options = std::make_shared<Creation>();
  command.add_option("id", options->id, "What comes after certificates/")->required();
  command.add_option("--certificate", options->certificate_file, "FILE, leaf first")->required();
  command.add_option("--key", options->key_file, "FILE, unencrypted")->required();
  command.add_flag("--validate-only", options->validate_only, "Check, but create nothing");
  session.SetAction(command, [&session, options] { return Create(session, *options); });
}

void AddDelete(CLI::App& group, Session& session) {
  CLI::App& command = *group.add_subcommand("delete", "Deletes one and wipes its key");
  auto name = std::make_shared<std::string>();
  auto force = std::make_shared<bool>(false);
  command.add_option("name", *name, "Name or id")->required();
  command.add_flag("--force", *force, "Also in use, but never by SERVER_TLS managers");
  session.SetAction(command, [&session, name, force] {
    v1::DeleteCertificateRequest request;
    request.set_name(FullName("certificates", *name));
    request.set_force(*force);
    Stub stub(session.channel());
    return CallAndPrint(session, stub, &Stub::DeleteCertificate, request);
  });
}

}  // namespace

void AddCertificatesCommands(CLI::App& root, Session& session) {
  CLI::App& group = AddGroup(root, "certificates", "Certificates: what managers present");
  AddList(group, session);
  AddGet(group, session);
  AddCreate(group, session);
  AddDelete(group, session);
}

}  // namespace sipcm::cli
