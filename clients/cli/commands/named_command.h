#ifndef SIPCM_CLIENTS_CLI_COMMANDS_NAMED_COMMAND_H_
#define SIPCM_CLIENTS_CLI_COMMANDS_NAMED_COMMAND_H_

#include <functional>
#include <memory>
#include <string>

#include "clients/cli/call.h"
#include "clients/cli/cli11.h"
#include "clients/cli/session.h"
#include "clients/cli/settings.h"
#include "proto/sipcm/v1/certificates.pb.h"

// Commands that certificates and trust bundles have alike. For sources only, as call.h.

namespace sipcm::cli {

// Makes `command` take the name of one resource and call `method` with it, and print the answer.
// `fill` sets what else the request has.
template <class Stub, class Request, class Response>
void SetNamedAction(CLI::App& command, Session& session, const std::string& collection,
                    UnaryMethod<Stub, Request, Response> method,
                    std::function<void(Request&)> fill = nullptr) {
  auto name = std::make_shared<std::string>();
  command.add_option("name", *name, "Name or id")->required();
  session.SetAction(command, [&session, collection, method, fill, name] {
    Request request;
    request.set_name(FullName(collection, *name));
    if (fill) fill(request);
    Stub stub(session.channel());
    return CallAndPrint(session, stub, method, request);
  });
}

// The same with --force.
template <class Stub, class Request, class Response>
void SetDeleteAction(CLI::App& command, Session& session, const std::string& collection,
                     UnaryMethod<Stub, Request, Response> method, const std::string& forced) {
  auto force = std::make_shared<bool>(false);
  command.add_flag("--force", *force, forced);
  SetNamedAction<Stub, Request, Response>(command, session, collection, method,
                                          [force](Request& request) { request.set_force(*force); });
}

// --validate-only of creations and updates, and what an update has besides.
struct ChangeOptions {
  bool validate_only = false;
  std::string old_connections = "KEEP";

  void AddToCreation(CLI::App& command) {
    command.add_flag("--validate-only", validate_only, "Check, but change nothing");
  }
  void AddToUpdate(CLI::App& command) {
    AddToCreation(command);
    command.add_option("--old-connections", old_connections, "Of the version before")
        ->check(CLI::IsMember({"KEEP", "DRAIN", "CLOSE"}))
        ->capture_default_str();
  }
  v1::OldConnections OldConnections() const {
    v1::OldConnections parsed = v1::KEEP;
    v1::OldConnections_Parse(old_connections, &parsed);
    return parsed;
  }
};

}  // namespace sipcm::cli

#endif  // SIPCM_CLIENTS_CLI_COMMANDS_NAMED_COMMAND_H_
