#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/call.h"
#include "clients/cli/cli11.h"
#include "clients/cli/commands/commands.h"
#include "clients/cli/commands/stream_reading.h"
#include "clients/cli/field_text.h"
#include "clients/cli/session.h"
#include "proto/sipcm/v1/events.grpc.pb.h"

namespace sipcm::cli {
namespace {

struct Watch {
  std::vector<std::string> names;
  std::vector<std::string> kinds;
  bool changes_only = false;
  int64_t count = 0;  // 0: until the stream ends.
};

// One line: when, what, of which object, and why. A field that names the state says more than the
// kind alone.
std::string LineOf(const v1::Event& event) {
  std::string line = absl::StrCat(FieldText(event, "event_time"), "  ", FieldText(event, "kind"));
  if (!event.name().empty()) absl::StrAppend(&line, "  ", event.name());
  for (const char* path :
       {"connection_manager.state", "connection_pool.state", "connection.state", "endpoint.state",
        "certificate.state", "trust_bundle.state", "connection.remote_address",
        "connection.close_reason", "connection.close_explanation", "peer_refused.remote_address",
        "peer_refused.verdict.rule", "gap.lost_count"}) {
    const std::string value = FieldText(event, path);
    const std::string field = std::string(path).substr(std::string(path).rfind('.') + 1);
    if (!value.empty()) absl::StrAppend(&line, "  ", field, "=", value);
  }
  if (!event.explanation().empty()) absl::StrAppend(&line, "  ", event.explanation());
  return absl::StrCat(line, "\n");
}

// What is wrong, or an empty string.
std::string Fill(const Watch& options, v1::WatchRequest* request) {
  for (const std::string& name : options.names) request->add_names(name);
  for (const std::string& text : options.kinds) {
    v1::Event::Kind kind = v1::Event::KIND_UNSPECIFIED;
    if (!v1::Event::Kind_Parse(absl::AsciiStrToUpper(text), &kind)) {
      return absl::StrCat("--kind: there is no kind \"", text,
                          "\"; it is one like CONNECTION_CLOSED, see proto/sipcm/v1/event.proto");
    }
    request->add_kinds(kind);
  }
  if (options.changes_only) request->set_start(v1::WatchRequest::DELTAS_ONLY);
  return "";
}

ExitStatus Run(Session& session, const Watch& options) {
  v1::WatchRequest request;
  const std::string wrong = Fill(options, &request);
  if (!wrong.empty()) return session.RefuseUsage(wrong);
  v1::Events::Stub stub(session.channel());
  grpc::ClientContext context;
  const auto stream = stub.Watch(&context, request);
  int64_t seen = 0;
  const auto take = [&](const v1::Event& event) {
    if (session.json()) {
      session.PrintJsonLine(event);
    } else {
      session.PrintText(LineOf(event));
    }
    return ++seen == options.count ? Reading::kEnough : Reading::kGoOn;
  };
  return ReadStream<v1::Event>(session, context, *stream, take);
}

}  // namespace

void AddWatchCommand(CLI::App& root, Session& session) {
  CLI::App& command =
      *root.add_subcommand("watch", "Prints what there is, then what happens, a line each");
  auto options = std::make_shared<Watch>();
  command.add_option("names", options->names,
                     "Names, or prefixes like 'connectionManagers/edge/*'; default all");
  command
      .add_option("--kind", options->kinds, "Only this kind, like CONNECTION_CLOSED; repeatable")
      ->allow_extra_args(false);
  command.add_flag("--changes-only", options->changes_only, "Begin without what there is");
  command.add_option("--count", options->count, "End after so many events");
  session.SetAction(command, [&session, options] { return Run(session, *options); });
}

}  // namespace sipcm::cli
