#include <memory>
#include <string>
#include <vector>

#include "clients/cli/call.h"
#include "clients/cli/cli11.h"
#include "clients/cli/commands/commands.h"
#include "clients/cli/session.h"
#include "clients/cli/settings.h"
#include "proto/sipcm/v1/endpoints.grpc.pb.h"

namespace sipcm::cli {
namespace {

using Stub = v1::Endpoints::Stub;

void AddList(CLI::App& group, Session& session) {
  CLI::App& command = *group.add_subcommand("list", "Lists endpoints");
  auto filter = std::make_shared<std::string>();
  command.add_option("--filter", *filter, "'connection_manager = connectionManagers/edge'");
  session.SetAction(command, [&session, filter] {
    v1::ListEndpointsRequest request;
    request.set_filter(*filter);
    Stub stub(session.channel());
    return ListAndPrint(session, stub, &Stub::ListEndpoints, request,
                        {{"NAME", "name"},
                         {"KIND", "kind"},
                         {"ADDRESS", "address"},
                         {"MANAGER", "connection_manager"},
                         {"STATE", "state"},
                         {"SUBSCRIPTIONS", "statistics.subscription_count"},
                         {"DELIVERED", "statistics.delivered_count"}});
  });
}

void AddGet(CLI::App& group, Session& session) {
  CLI::App& command = *group.add_subcommand("get", "Shows one");
  auto name = std::make_shared<std::string>();
  command.add_option("name", *name, "Name or id")->required();
  session.SetAction(command, [&session, name] {
    v1::GetEndpointRequest request;
    request.set_name(FullName("endpoints", *name));
    Stub stub(session.channel());
    return CallAndPrint(session, stub, &Stub::GetEndpoint, request);
  });
}

struct Creation {
  std::string id;
  std::string address;
  std::string kind = "PEER_TO_PEER";
  std::string manager;
  std::vector<std::string> aliases;
  bool validate_only = false;
  std::vector<std::string> settings;
};

ExitStatus Create(Session& session, const Creation& options) {
  v1::CreateEndpointRequest request;
  request.set_endpoint_id(options.id);
  request.set_validate_only(options.validate_only);
  v1::Endpoint& endpoint = *request.mutable_endpoint();
  v1::Endpoint::Kind kind = v1::Endpoint::KIND_UNSPECIFIED;
  v1::Endpoint::Kind_Parse(options.kind, &kind);
  endpoint.set_kind(kind);
  endpoint.set_address(options.address);
  if (!options.manager.empty()) {
    endpoint.set_connection_manager(FullName("connectionManagers", options.manager));
  }
  for (const std::string& alias : options.aliases) endpoint.add_aliases(alias);
  const std::string wrong = ApplySettings(options.settings, endpoint, nullptr);
  if (!wrong.empty()) return session.RefuseUsage(wrong);
  Stub stub(session.channel());
  return CallAndPrint(session, stub, &Stub::CreateEndpoint, request);
}

void AddCreate(CLI::App& group, Session& session) {
  CLI::App& command = *group.add_subcommand("create", "Creates an endpoint");
  auto options = std::make_shared<Creation>();
  command.add_option("id", options->id, "What comes after endpoints/")->required();
  command.add_option("--address", options->address, "sip:alice@example.com")->required();
  command.add_option("--manager", options->manager, "Name or id of its connection manager");
  command.add_option("--kind", options->kind)
      ->check(CLI::IsMember({"PEER_TO_PEER", "REGISTERED"}))
      ->capture_default_str();
  command.add_option("--alias", options->aliases, "Another address; may be repeated")
      ->expected(1)
      ->take_all();
  command.add_flag("--validate-only", options->validate_only, "Check, but create nothing");
  command.add_option("--set", options->settings, "Another field, path=value; may be repeated")
      ->expected(1)
      ->take_all();
  session.SetAction(command, [&session, options] { return Create(session, *options); });
}

void AddDelete(CLI::App& group, Session& session) {
  CLI::App& command = *group.add_subcommand("delete", "Deletes an endpoint");
  auto name = std::make_shared<std::string>();
  auto force = std::make_shared<bool>(false);
  command.add_option("name", *name, "Name or id")->required();
  command.add_flag("--force", *force, "Also with subscriptions, which end");
  session.SetAction(command, [&session, name, force] {
    v1::DeleteEndpointRequest request;
    request.set_name(FullName("endpoints", *name));
    request.set_force(*force);
    Stub stub(session.channel());
    return CallAndPrint(session, stub, &Stub::DeleteEndpoint, request);
  });
}

struct Question {
  std::string manager;
  std::string method;
  std::string request_uri;
  std::string to;
  std::string from;
  std::string raw_file;
};

void AddHeader(v1::SipRequest& request, const std::string& name, const std::string& value) {
  if (value.empty()) return;
  v1::SipHeader& header = *request.add_headers();
  header.set_name(name);
  header.set_value(value);
}

ExitStatus Explain(Session& session, const Question& question) {
  v1::ExplainDispatchRequest request;
  request.set_connection_manager(FullName("connectionManagers", question.manager));
  v1::SipRequest& sip = *request.mutable_request();
  if (!question.raw_file.empty()) {
    std::string content;
    if (!ReadFile(question.raw_file, content)) return session.Fail(content);
    sip.set_raw(content);
  } else {
    if (question.method.empty() || question.request_uri.empty()) {
      return session.RefuseUsage("give METHOD and URI, or --raw FILE");
    }
    sip.set_method(question.method);
    sip.set_request_uri(question.request_uri);
    AddHeader(sip, "To", question.to);
    AddHeader(sip, "From", question.from);
  }
  Stub stub(session.channel());
  v1::ExplainDispatchResponse response;
  const grpc::Status status = Call(session, stub, &Stub::ExplainDispatch, request, &response);
  if (!status.ok()) return session.Fail(status);
  if (session.json()) {
    session.PrintResource(response);
    return kDone;
  }
  session.PrintText(response.explanation() + "\n\n");
  v1::ExplainDispatchResponse steps;
  *steps.mutable_steps() = response.steps();
  session.PrintList(steps,
                    {{"STEP", "reason"}, {"DECIDED", "decided"}, {"EXPLANATION", "explanation"}});
  response.clear_steps();
  response.clear_explanation();
  session.PrintText("\n");
  session.PrintResource(response);
  return kDone;
}

void AddExplain(CLI::App& group, Session& session) {
  CLI::App& command =
      *group.add_subcommand("explain", "Says which endpoint a request would go to, and why");
  auto question = std::make_shared<Question>();
  command.add_option("manager", question->manager, "Name or id of the manager it arrives at")
      ->required();
  command.add_option("method", question->method, "OPTIONS");
  command.add_option("uri", question->request_uri, "Request-URI: sip:alice@example.com");
  command.add_option("--to", question->to, "To header, where it is not the Request-URI");
  command.add_option("--from", question->from, "From header");
  command.add_option("--raw", question->raw_file, "FILE with a whole request instead");
  session.SetAction(command, [&session, question] { return Explain(session, *question); });
}

}  // namespace

void AddEndpointsCommands(CLI::App& root, Session& session) {
  CLI::App& group = AddGroup(root, "endpoints", "Endpoints: the SIP identities of applications");
  AddList(group, session);
  AddGet(group, session);
  AddCreate(group, session);
  AddDelete(group, session);
  AddExplain(group, session);
}

}  // namespace sipcm::cli
