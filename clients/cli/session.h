#ifndef SIPCM_CLIENTS_CLI_SESSION_H_
#define SIPCM_CLIENTS_CLI_SESSION_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace CLI {
class App;
}  // namespace CLI

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace grpc {
class Channel;
class ClientContext;
class Status;
}  // namespace grpc

namespace sipcm::cli {

// Exit statuses of the process.
enum ExitStatus { kDone = 0, kFailed = 1, kWrongUsage = 2 };

// One column of a listing: its heading and the path of the field in it.
struct Column {
  std::string heading;
  std::string path;
};

// One run of the command line: what the global options say, the way to the server, and the output.
// Results go to stdout, errors to stderr as one line each.
class Session {
 public:
  // What a command does once the whole line is understood.
  using Action = std::function<ExitStatus()>;

  Session();
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Adds --server, --json and --timeout to the root.
  void AddOptions(CLI::App& app);

  // Makes `action` the one that Run() runs when this command is on the line.
  void SetAction(CLI::App& command, Action action);

  // kWrongUsage without an action.
  ExitStatus Run() { return action_ ? action_() : kWrongUsage; }

  bool json() const { return json_; }
  const std::string& server() const { return server_; }

  // Connects on first use; never fails: the first call does.
  std::shared_ptr<grpc::Channel> channel();

  // Gives a unary call its deadline.
  void SetDeadline(grpc::ClientContext& context) const;

  // "error: …" on stderr; answers kFailed, and kWrongUsage.
  ExitStatus Fail(const grpc::Status& status) const;
  ExitStatus Fail(absl::string_view message) const;
  ExitStatus RefuseUsage(absl::string_view message) const;

  // One resource, a field per line, or JSON.
  void PrintResource(const google::protobuf::Message& resource) const;

  // The entries of the only list of `response` as a table, or the whole of it as JSON.
  void PrintList(const google::protobuf::Message& response,
                 const std::vector<Column>& columns) const;

  // The message as JSON on one line, for streams; flushed.
  void PrintJsonLine(const google::protobuf::Message& message) const;

  // One line, as it is; flushed.
  void PrintLine(const std::string& line) const;

  // Text as it is, control characters escaped; flushed. Nothing with --json.
  void PrintText(const std::string& text) const;

 private:
  std::string server_ = "127.0.0.1:50061";
  bool json_ = false;
  double timeout_seconds_ = 10;
  std::shared_ptr<grpc::Channel> channel_;
  Action action_;
};

}  // namespace sipcm::cli

#endif  // SIPCM_CLIENTS_CLI_SESSION_H_
