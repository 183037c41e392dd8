#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/call.h"
#include "clients/cli/cli11.h"
#include "clients/cli/commands/commands.h"
#include "clients/cli/commands/offline_options.h"
#include "clients/cli/failure.h"
#include "clients/cli/session.h"
#include "clients/cli/settings.h"
#include "clients/cli/table.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/time_util.h"
#include "proto/sipcm/v1/connection_managers.grpc.pb.h"

namespace sipcm::cli {
namespace {

using Stub = v1::ConnectionManagers::Stub;

struct Question {
  std::vector<std::string> files;
  std::string manager;
  std::string outgoing_host;
  std::string at;
  OfflineOptions offline;

  v1::Direction direction() const { return outgoing_host.empty() ? v1::INCOMING : v1::OUTGOING; }
};

// The answer about one file's text, or one line that says why there is none.
struct Answer {
  std::string file;
  v1::PeerVerdict verdict;
  std::string failure;

  bool is_allowed() const {
    return failure.empty() && verdict.decision() == v1::PeerVerdict::ALLOWED;
  }
};
using Ask = std::function<void(const std::string& chain_pem, Answer* answer)>;

std::string JsonText(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string text;
  const auto printed = google::protobuf::util::MessageToJsonString(message, &text, options);
  return printed.ok() ? text : "null";
}

// {"file":...,"verdict":{...}} or {"file":...,"error":...}, one line.
std::string JsonLine(const Answer& answer) {
  google::protobuf::Value file, failure;
  file.set_string_value(answer.file);
  failure.set_string_value(answer.failure);
  return absl::StrCat("{\"file\":", JsonText(file), answer.failure.empty() ? ",\"verdict\":" : "",
                      answer.failure.empty() ? JsonText(answer.verdict) : "",
                      answer.failure.empty() ? "" : ",\"error\":",
                      answer.failure.empty() ? "" : JsonText(failure), "}");
}

ExitStatus Show(const Session& session, const std::vector<Answer>& answers) {
  bool all_allowed = true;
  for (const Answer& answer : answers) all_allowed = all_allowed && answer.is_allowed();
  const ExitStatus status = all_allowed ? kDone : kFailed;
  if (answers.size() == 1) {
    if (!answers[0].failure.empty()) return session.Fail(answers[0].failure);
    session.PrintResource(answers[0].verdict);
    return status;
  }
  Table table({"FILE", "DECISION", "RULE", "ALLOWED DOMAIN", "NAME"});
  for (const Answer& answer : answers) {
    if (session.json()) {
      session.PrintLine(JsonLine(answer));
    } else if (!answer.failure.empty()) {
      session.Fail(absl::StrCat(answer.file, ": ", answer.failure));
      table.Add({answer.file, "ERROR", "", "", ""});
    } else {
      const v1::PeerVerdict& verdict = answer.verdict;
      table.Add({answer.file, v1::PeerVerdict::Decision_Name(verdict.decision()),
                 verdict.rule() == v1::PeerVerdict::RULE_UNSPECIFIED
                     ? ""
                     : v1::PeerVerdict::Rule_Name(verdict.rule()),
                 verdict.matched_allowed_domain(), verdict.matched_name()});
    }
  }
  session.PrintText(table.Text());
  return status;
}

ExitStatus AskAll(const Session& session, const Question& question, const Ask& ask) {
  std::vector<Answer> answers;
  for (const std::string& file : question.files) {
    Answer& answer = answers.emplace_back();
    answer.file = file;
    std::string content;
    if (ReadFile(file, content)) {
      ask(content, &answer);
    } else {
      answer.failure = content;
    }
  }
  return Show(session, answers);
}

ExitStatus CheckOffline(Session& session, const Question& question) {
  const bool by_config = !question.offline.config_file.empty();
  if (by_config == !question.offline.trust_bundle_file.empty()) {
    return session.RefuseUsage("--offline needs either --trust-bundle FILE or --config FILE");
  }
  if (!by_config && !question.manager.empty()) {
    return session.RefuseUsage("--manager with --offline is one of a --config FILE");
  }
  absl::Time at = absl::Now();
  std::string why;
  if (!question.at.empty() && !absl::ParseTime(absl::RFC3339_full, question.at, &at, &why)) {
    return session.RefuseUsage(absl::StrCat("--at: \"", question.at, "\": ", why));
  }
  // Entries that have ended by now stay: they matter at another time.
  const absl::StatusOr<server::PeerJudge> judge =
      MakeJudge(question.offline, question.manager, absl::InfinitePast());
  if (!judge.ok()) return session.RefuseUsage(judge.status().message());
  return AskAll(session, question, [&](const std::string& chain_pem, Answer* answer) {
    absl::StatusOr<v1::PeerVerdict> verdict =
        judge->Judge(chain_pem, question.direction(), question.outgoing_host, at);
    if (verdict.ok()) {
      answer->verdict = *std::move(verdict);
    } else {
      answer->failure = std::string(verdict.status().message());
    }
  });
}

// The manager that is asked: who is named, else the only one of the server. kDone: it is in
// `*name`.
ExitStatus FindManager(const Session& session, Stub& stub, const Question& question,
                       std::string* name) {
  if (!question.manager.empty()) {
    *name = FullName("connectionManagers", question.manager);
    return kDone;
  }
  v1::ListConnectionManagersRequest request;
  request.set_page_size(2);
  v1::ListConnectionManagersResponse response;
  const grpc::Status status =
      Call(session, stub, &Stub::ListConnectionManagers, request, &response);
  if (!status.ok()) return session.Fail(status);
  if (response.connection_managers_size() == 0) {
    return session.Fail("the server has no connection manager to ask; create one first");
  }
  if (response.connection_managers_size() > 1) {
    return session.RefuseUsage("--manager is required: the server has several");
  }
  *name = response.connection_managers(0).name();
  return kDone;
}

ExitStatus CheckOnline(Session& session, const Question& question) {
  if (const std::string option = question.offline.OfflineOnly(); !option.empty()) {
    return session.RefuseUsage(option + " is for --offline; a server judges by its own settings");
  }
  v1::CheckPeerRequest request;
  request.set_direction(question.direction());
  request.set_host(question.outgoing_host);
  if (!question.at.empty() &&
      !google::protobuf::util::TimeUtil::FromString(question.at, request.mutable_at_time())) {
    return session.RefuseUsage("--at: \"" + question.at +
                               "\" is no time like 2027-01-31T12:00:00Z");
  }
  Stub stub(session.channel());
  const ExitStatus found = FindManager(session, stub, question, request.mutable_name());
  if (found != kDone) return found;
  return AskAll(session, question, [&](const std::string& chain_pem, Answer* answer) {
    request.set_certificate_pem(chain_pem);
    v1::CheckPeerResponse response;
    const grpc::Status status = Call(session, stub, &Stub::CheckPeer, request, &response);
    answer->verdict = response.verdict();
    if (!status.ok()) answer->failure = FailureText(status, session.server());
  });
}

}  // namespace

void AddCheckPeerCommand(CLI::App& root, Session& session) {
  CLI::App& command = *root.add_subcommand(
      "check-peer",
      "Says whether peers with these certificates may connect; exit status 1 if one may not");
  auto question = std::make_shared<Question>();
  command.add_option("file", question->files, "PEM, leaf first; - is standard input")->required();
  command.add_option("--manager", question->manager,
                     "Name or id of the manager that is asked; not needed when it is the only one");
  command.add_option("--outgoing", question->outgoing_host,
                     "HOST: may we connect to it, instead of: may it connect to us");
  command.add_option("--at", question->at, "Judge at this time, like 2027-01-31T12:00:00Z");
  question->offline.AddTo(command);
  session.SetAction(command, [&session, question] {
    return question->offline.offline ? CheckOffline(session, *question)
                                     : CheckOnline(session, *question);
  });
}

}  // namespace sipcm::cli
