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

// Where a certificate's content comes from: files read here, or watched by the server.
struct Source {
  std::string certificate_file;
  std::string key_file;
  std::string pkcs12_file;
  std::string password_file;
  std::string watched_certificate;
  std::string watched_key;

  void AddTo(CLI::App& command) {
    CLI::Option* pem = command.add_option("--certificate", certificate_file, "FILE, leaf first");
    command.add_option("--key", key_file, "FILE, unencrypted")->needs(pem);
    CLI::Option* pkcs12 = command.add_option("--pkcs12", pkcs12_file, "FILE with key and chain");
    command.add_option("--password-file", password_file, "FILE with the password of it")
        ->needs(pkcs12);
    CLI::Option* watched = command.add_option("--watch-certificate", watched_certificate,
                                              "Path on the server's machine");
    command.add_option("--watch-key", watched_key, "Path on the server's machine")->needs(watched);
  }

  // What is wrong, or an empty string.
  std::string Fill(v1::Certificate& certificate) const {
    const auto read = [](const std::string& file, std::string* into) {
      std::string content;
      if (file.empty()) return std::string();
      if (!ReadFile(file, content)) return content;
      *into = content;
      return std::string();
    };
    for (const std::string& wrong : {read(certificate_file, certificate.mutable_certificate_pem()),
                                     read(key_file, certificate.mutable_private_key_pem()),
                                     read(pkcs12_file, certificate.mutable_pkcs12()),
                                     read(password_file, certificate.mutable_pkcs12_password())}) {
      if (!wrong.empty()) return wrong;
    }
    // A text file ends with a line end, a password does not.
    std::string& password = *certificate.mutable_pkcs12_password();
    while (!password.empty() && (password.back() == '\n' || password.back() == '\r')) {
      password.pop_back();
    }
    certificate.set_certificate_file(watched_certificate);
    certificate.set_private_key_file(watched_key);
    return "";
  }
};

struct Change {
  std::string name;
  Source source;
  ChangeOptions options;
};

ExitStatus Create(Session& session, const Change& change) {
  v1::CreateCertificateRequest request;
  request.set_certificate_id(change.name);
  request.set_validate_only(change.options.validate_only);
  const std::string wrong = change.source.Fill(*request.mutable_certificate());
  if (!wrong.empty()) return session.Fail(wrong);
  Stub stub(session.channel());
  return CallAndPrint(session, stub, &Stub::CreateCertificate, request);
}

ExitStatus Update(Session& session, const Change& change) {
  v1::UpdateCertificateRequest request;
  request.mutable_certificate()->set_name(FullName("certificates", change.name));
  request.set_validate_only(change.options.validate_only);
  request.set_old_connections(change.options.OldConnections());
  const std::string wrong = change.source.Fill(*request.mutable_certificate());
  if (!wrong.empty()) return session.Fail(wrong);
  Stub stub(session.channel());
  return CallAndPrint(session, stub, &Stub::UpdateCertificate, request);
}

}  // namespace

void AddCertificatesCommands(CLI::App& root, Session& session) {
  CLI::App& group = AddGroup(root, "certificates", "Certificates: what managers present");
  session.SetAction(*group.add_subcommand("list", "Lists certificates"), [&session] {
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
  SetNamedAction(*group.add_subcommand("get", "Shows one"), session, "certificates",
                 &Stub::GetCertificate);

  CLI::App& create = *group.add_subcommand("create", "Creates one");
  auto created = std::make_shared<Change>();
  create.add_option("id", created->name, "What comes after certificates/")->required();
  created->source.AddTo(create);
  created->options.AddToCreation(create);
  session.SetAction(create, [&session, created] { return Create(session, *created); });

  CLI::App& update = *group.add_subcommand("update", "Rotates one: later handshakes use the new");
  auto updated = std::make_shared<Change>();
  update.add_option("name", updated->name, "Name or id")->required();
  updated->source.AddTo(update);
  updated->options.AddToUpdate(update);
  session.SetAction(update, [&session, updated] { return Update(session, *updated); });

  SetDeleteAction(*group.add_subcommand("delete", "Deletes one and wipes its key"), session,
                  "certificates", &Stub::DeleteCertificate,
                  "Also in use, but never by SERVER_TLS managers");
}

}  // namespace sipcm::cli
